"""From a client's rows to an enrolment that is proven, checked and renewed."""
