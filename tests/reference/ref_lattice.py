"""Algebra that attacks need: kernels mod p, and lattice reduction over the integers (H. Cohen, A Course in Computational
Algebraic Number Theory, algorithm 2.6.7)."""

from fractions import Fraction

from reference_prover.field import MODULUS, inverse


def close_to_zero(weights, target):
    """A short vector x with sum_j weights_j x_j = sum_j weights_j target_j mod p; weights_0 = 1."""
    size = len(weights)
    basis = [[MODULUS] + [0] * (size - 1)]
    basis += [[-weights[j] % MODULUS] + [int(i == j) for i in range(1, size)] for j in range(1, size)]
    return nearest_plane(lll(basis), target)


def dot(left, right):
    return sum(a * b for a, b in zip(left, right))


def nearest_plane(basis, target):
    """target minus a lattice vector near it (Babai)."""
    orthogonal = []
    for row in basis:
        vector = [Fraction(value) for value in row]
        for other in orthogonal:
            factor = dot(row, other) / dot(other, other)
            vector = [a - factor * b for a, b in zip(vector, other)]
        orthogonal.append(vector)
    for row, other in reversed(list(zip(basis, orthogonal))):
        times = round(dot(target, other) / dot(other, other))
        target = [a - times * b for a, b in zip(target, row)]
    return target


def lll(basis):
    """An LLL-reduced basis (factor 3/4), all arithmetic on integers."""
    state = Reduction([list(row) for row in basis])
    k = 1
    while k < len(basis):
        state.size_reduce(k, k - 1)
        d, step = state.d, state.lam[k][k - 1]
        if 4 * d[k + 1] * d[k - 1] < 3 * d[k] ** 2 - 4 * step**2:
            state.swap(k)
            k = max(1, k - 1)
        else:
            for l in reversed(range(k - 1)):
                state.size_reduce(k, l)
            k += 1
    return state.b


class Reduction:
    """Basis b, determinants d of the leading Gram matrices, and lam = d times the Gram-Schmidt coefficients."""

    def __init__(self, basis):
        size = len(basis)
        self.b, self.d, self.lam = basis, [1] + [0] * size, [[0] * size for _ in range(size)]
        for k in range(size):
            for j in range(k + 1):
                value = dot(basis[k], basis[j])
                for i in range(j):
                    value = (self.d[i + 1] * value - self.lam[k][i] * self.lam[j][i]) // self.d[i]
                if j < k:
                    self.lam[k][j] = value
                else:
                    self.d[k + 1] = value

    def size_reduce(self, k, l):
        lam, divisor = self.lam, self.d[l + 1]
        times = (2 * lam[k][l] + divisor) // (2 * divisor)
        if times:
            self.b[k] = [a - times * b for a, b in zip(self.b[k], self.b[l])]
            lam[k][l] -= times * divisor
            for i in range(l):
                lam[k][i] -= times * lam[l][i]

    def swap(self, k):
        b, d, lam = self.b, self.d, self.lam
        b[k], b[k - 1] = b[k - 1], b[k]
        lam[k][: k - 1], lam[k - 1][: k - 1] = lam[k - 1][: k - 1], lam[k][: k - 1]
        step = lam[k][k - 1]
        middle = (d[k - 1] * d[k + 1] + step * step) // d[k]
        for row in lam[k + 1 :]:
            upper = row[k]
            row[k] = (d[k + 1] * row[k - 1] - step * upper) // d[k]
            row[k - 1] = (middle * upper + step * row[k]) // d[k + 1]
        d[k] = middle


def kernel(rows):
    """A non-zero vector that every row kills mod p (more columns than rows)."""
    rows, pivots, width = [list(row) for row in rows], [], len(rows[0])
    for column in range(width):
        done = len(pivots)
        pick = next((i for i in range(done, len(rows)) if rows[i][column] % MODULUS), None)
        if pick is None:
            vector = [0] * width
            vector[column] = 1
            for row, pivot in zip(rows, pivots):
                vector[pivot] = -row[column] % MODULUS
            return vector
        rows[done], rows[pick] = rows[pick], rows[done]
        scale = inverse(rows[done][column] % MODULUS)
        rows[done] = [value * scale % MODULUS for value in rows[done]]
        for i, row in enumerate(rows):
            if i != done and row[column]:
                rows[i] = [(a - row[column] * b) % MODULUS for a, b in zip(row, rows[done])]
        pivots.append(column)
    raise ValueError("no kernel")
