"""What the check of a script found: where, what, and whether the script can be approved with it. Pure."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """The script cannot be approved."""
    WARNING = "warning"
    """It can; somebody should look."""


class FindingCode(StrEnum):
    """What it is; stable."""

    NAME_TWICE = "name_twice"
    UNKNOWN_SLOT = "unknown_slot"
    UNKNOWN_TARGET = "unknown_target"
    UNKNOWN_EXIT = "unknown_exit"
    UNKNOWN_FACT = "unknown_fact"
    UNKNOWN_VARIABLE = "unknown_variable"
    STATE_UNREACHABLE = "state_unreachable"
    EXIT_UNREACHABLE = "exit_unreachable"
    SLOT_NOT_ASKED = "slot_not_asked"
    DEAD_END = "dead_end"
    ENDLESS_LOOP = "endless_loop"
    WAY_NEVER_TAKEN = "way_never_taken"
    CONDITION_BEFORE_QUESTION = "condition_before_question"
    WRONG_VALUE = "wrong_value"
    GIVE_UP_MISSING = "give_up_missing"
    OPT_OUT_MISSING = "opt_out_missing"
    NO_SUCCESS = "no_success"
    NO_HAND_OVER = "no_hand_over"
    QUESTION_BEFORE_DISCLOSURE = "question_before_disclosure"
    VALUE_NOT_KNOWN = "value_not_known"
    UNSPEAKABLE = "unspeakable"
    PLACEHOLDER = "placeholder"
    FORBIDDEN_CLAIM = "forbidden_claim"
    CONFIRM_WITHOUT_VALUE = "confirm_without_value"
    CHOICES_MISSING = "choices_missing"
    LIMITS_EMPTY = "limits_empty"
    NOT_A_QUESTION = "not_a_question"
    INVENTED = "invented"
    """Of scripts that a language model writes: a number or a name that nobody told."""
    NO_SCRIPT = "no_script"
    """What the model wrote cannot be read."""


class Finding(BaseModel):
    """One thing that is wrong with a script."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    code: FindingCode
    severity: Severity = Severity.ERROR
    path: str
    """JSON pointer into the script, such as "/states/0/transitions/1/to"."""
    message: str
    """One sentence."""


def passes(findings: list[Finding]) -> bool:
    """Whether a script with these may be approved."""
    return all(finding.severity is not Severity.ERROR for finding in findings)
