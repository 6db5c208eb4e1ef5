"""A call that follows a script: the program holds the plan, and the language model helps out.

`read` finds out what the callee's words mean for the plan, `moves` decides what comes next, `script_talk` brings the
two together in writing, and `script_guide` in a call.
"""
