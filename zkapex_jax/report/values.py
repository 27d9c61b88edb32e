"""Small types that the parts of a summary share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

#: Integers of the statement exceed 2^53, so JSON carries them as decimal strings; parsing accepts both.
BigInt = Annotated[int, Field(ge=0), PlainSerializer(str, return_type=str, when_used="json")]

#: A part of one: accuracies, shares of a budget.
Share = Annotated[float, Field(ge=0.0, le=1.0)]

Seconds = Annotated[float, Field(ge=0.0)]
Bytes = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

#: The models that a run compares, in the order in which they come about. The first request ends at `compensated`, the
#: second at `second`; `renewed` holds the weights behind the re-enrolment.
Stage = Literal["base", "personalised", "masked", "compensated_float", "compensated", "second_masked", "second", "renewed"]
STAGES: tuple[Stage, ...] = ("base", "personalised", "masked", "compensated_float", "compensated", "second_masked", "second", "renewed")

#: Stages whose weights the provider holds a commitment to, admitted with a proof; and the one that each request ends at.
COMMITTED: tuple[Stage, ...] = ("personalised", "compensated", "second", "renewed")
PROVEN_BY_REQUEST: tuple[Stage, ...] = ("compensated", "second")

#: The sets that each of them is measured on: the classes of the first request, those of the second, all others as the
#: provider sees them, and as the client does.
Set = Literal["forget", "forget_second", "retain", "personal"]
SETS: tuple[Set, ...] = ("forget", "forget_second", "retain", "personal")
FORGET_SETS: tuple[Set, ...] = ("forget", "forget_second")

Side = Literal["provider", "client", "check"]


class Part(BaseModel):
    """Frozen, and closed: a field that the schema does not know is an error, not a surprise."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")
