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

#: The five models that a run compares, in the order in which they come about.
Stage = Literal["base", "personalised", "masked", "compensated_float", "compensated"]
STAGES: tuple[Stage, ...] = ("base", "personalised", "masked", "compensated_float", "compensated")

#: The three sets that each of them is measured on.
Set = Literal["forget", "retain", "personal"]
SETS: tuple[Set, ...] = ("forget", "retain", "personal")

Side = Literal["provider", "client", "check"]


class Part(BaseModel):
    """Frozen, and closed: a field that the schema does not know is an error, not a surprise."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")
