"""The enrolment of a client's chunk: its rows are small integers, its weights lie close to the base model. Rounds in order:

    before    theta_p and every gradient row committed              -> b, a
    round 1   t_jk = <b_j, row_k>, v_l = <a_l, t>, slack of D0      -> eta, zeta, rho, mu
    round 2   fold, public columns, running sum
"""
