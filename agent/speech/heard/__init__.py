"""What was heard, as values: the counterpart of `agent.speech.spoken`.

People say numbers, days and addresses in words, and recognisers write them down in one way or another. Everything here
is pure, and finds nothing rather than something that was not said.
"""
