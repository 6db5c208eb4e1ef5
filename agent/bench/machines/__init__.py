"""`phone-agent bench machines`: who answers, told from greetings of machines and of people."""
