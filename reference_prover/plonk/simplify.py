"""The form to which the library reduces expressions before it makes keys. The values do not change; the key's text shows the form."""

from __future__ import annotations

from functools import reduce

from ..expression import Const, Expression, Neg, Product, Sum


def simplified(expression: Expression) -> Expression:
    """The library's form: sums and products of two, associated to the left, without the constants that change nothing."""
    match expression:
        case Neg(term):
            return Neg(simplified(term))
        case Sum(terms):
            return reduce(_plus, map(simplified, terms))
        case Product(factors):
            return reduce(_times, map(simplified, factors))
    return expression


def _plus(left: Expression, right: Expression) -> Expression:
    if left == Const(0):
        return right
    return left if right == Const(0) else Sum((left, right))


def _times(left: Expression, right: Expression) -> Expression:
    if Const(0) in (left, right):
        return Const(0)
    if left == Const(1):
        return right
    return left if right == Const(1) else Product((left, right))
