//! SHAKE-256 (FIPS 202) of short messages, eight at once: one 64-bit word of all eight states a register.

#![allow(unsafe_op_in_unsafe_fn)]

use std::arch::x86_64::*;

/// Bytes of a block.
pub(super) const RATE: usize = 136;
const WORDS: usize = RATE / 8;
/// Streams side by side.
pub(super) const STREAMS: usize = 8;
const ROUNDS: usize = 24;

/// ι of each round, by the shift register of FIPS 202, algorithm 5.
const IOTA: [u64; ROUNDS] = {
    let mut out = [0u64; ROUNDS];
    let (mut register, mut round) = (1u8, 0);
    while round < ROUNDS {
        let mut j = 0;
        while j < 7 {
            if register & 1 == 1 {
                out[round] |= 1 << ((1u32 << j) - 1);
            }
            register = register << 1 ^ if register >> 7 == 1 { 0x71 } else { 0 };
            j += 1;
        }
        round += 1;
    }
    out
};

/// Whether the processor has the instructions.
pub(super) fn available() -> bool {
    crate::vector::wide()
}

/// The first bytes of SHAKE-256 of eight messages of less than a block, written to eight outputs of one length.
pub(super) fn shake256(messages: &[Vec<u8>; STREAMS], outputs: &mut [&mut [u8]; STREAMS]) {
    debug_assert!(available() && messages.iter().all(|m| m.len() < RATE));
    let mut words = [[0u64; STREAMS]; WORDS];
    for (stream, message) in messages.iter().enumerate() {
        let mut block = [0u8; RATE];
        block[..message.len()].copy_from_slice(message);
        // The bits 1111 of a XOF, then the padding 10*1.
        block[message.len()] ^= 0x1f;
        block[RATE - 1] ^= 0x80;
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<8>().0) {
            word[stream] = u64::from_le_bytes(*bytes);
        }
    }
    // SAFETY: the callers ask `available`.
    unsafe { squeeze(&words, outputs) }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
unsafe fn squeeze(words: &[[u64; STREAMS]; WORDS], outputs: &mut [&mut [u8]; STREAMS]) {
    let mut state = [_mm512_setzero_si512(); 25];
    for i in 0..WORDS {
        state[i] = _mm512_loadu_si512(words[i].as_ptr().cast());
    }
    let longest = outputs.iter().map(|o| o.len()).max().unwrap_or(0);
    let mut start = 0;
    while start < longest {
        permute(&mut state);
        let mut rows = [[0u64; STREAMS]; WORDS];
        for i in 0..WORDS {
            _mm512_storeu_si512(rows[i].as_mut_ptr().cast(), state[i]);
        }
        for stream in 0..STREAMS {
            let mut block = [0u8; RATE];
            for i in 0..WORDS {
                block[8 * i..8 * i + 8].copy_from_slice(&rows[i][stream].to_le_bytes());
            }
            let output = &mut outputs[stream];
            let end = output.len().min(start + RATE);
            if start < end {
                output[start..end].copy_from_slice(&block[..end - start]);
            }
        }
        start += RATE;
    }
}

/// a ⊕ b ⊕ c.
#[inline(always)]
unsafe fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi64::<0x96>(a, b, c)
}

/// Keccak-f\[1600\]: θ, ρ and π, χ, ι; the word of lane (x, y) has index x + 5y.
#[inline(always)]
unsafe fn permute(a: &mut [__m512i; 25]) {
    for iota in IOTA {
        let mut c = [_mm512_setzero_si512(); 5];
        for x in 0..5 {
            c[x] = xor3(xor3(a[x], a[x + 5], a[x + 10]), a[x + 15], a[x + 20]);
        }
        for x in 0..5 {
            let (left, right) = (c[(x + 4) % 5], _mm512_rol_epi64::<1>(c[(x + 1) % 5]));
            for y in 0..5 {
                a[x + 5 * y] = xor3(a[x + 5 * y], left, right);
            }
        }
        let b = moved(a);
        for y in 0..5 {
            for x in 0..5 {
                // b ⊕ (¬b' ∧ b'').
                let (next, second) = (b[(x + 1) % 5 + 5 * y], b[(x + 2) % 5 + 5 * y]);
                a[x + 5 * y] = _mm512_ternarylogic_epi64::<0xd2>(b[x + 5 * y], next, second);
            }
        }
        a[0] = _mm512_xor_si512(a[0], _mm512_set1_epi64(iota as i64));
    }
}

/// ρ and π: word (x, y), rotated, goes to (y, 2x + 3y).
#[inline(always)]
unsafe fn moved(a: &[__m512i; 25]) -> [__m512i; 25] {
    let mut b = *a;
    macro_rules! turn {
        ($($from:literal => $to:literal by $by:literal),* $(,)?) => {
            $( b[$to] = _mm512_rol_epi64::<$by>(a[$from]); )*
        };
    }
    turn! {
        0 => 0 by 0, 1 => 10 by 1, 2 => 20 by 62, 3 => 5 by 28, 4 => 15 by 27,
        5 => 16 by 36, 6 => 1 by 44, 7 => 11 by 6, 8 => 21 by 55, 9 => 6 by 20,
        10 => 7 by 3, 11 => 17 by 10, 12 => 2 by 43, 13 => 12 by 25, 14 => 22 by 39,
        15 => 23 by 41, 16 => 8 by 45, 17 => 18 by 15, 18 => 3 by 21, 19 => 13 by 8,
        20 => 14 by 18, 21 => 24 by 2, 22 => 9 by 61, 23 => 19 by 56, 24 => 4 by 14,
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha3::digest::{ExtendableOutput, Update, XofReader};

    #[test]
    fn eight_streams_are_those_of_sha3() {
        if !available() {
            return;
        }
        for (seed, length) in [0usize, 1, 31, 32, 135, 136, 137, 272, 1000, 5000].into_iter().enumerate() {
            let messages: [Vec<u8>; STREAMS] =
                std::array::from_fn(|s| (0..(17 * s + 29 * seed) % RATE).map(|i| (i * 7 + s + seed) as u8).collect());
            let mut outputs = vec![vec![0u8; length]; STREAMS];
            let mut slices = outputs.iter_mut().map(Vec::as_mut_slice);
            shake256(&messages, &mut std::array::from_fn(|_| slices.next().unwrap()));
            for (message, output) in messages.iter().zip(&outputs) {
                let mut xof = sha3::Shake256::default();
                xof.update(message);
                let mut want = vec![0u8; length];
                xof.finalize_xof().read(&mut want);
                assert_eq!(*output, want, "{} bytes of a message of {}", length, message.len());
            }
        }
    }

    #[test]
    fn outputs_may_differ_in_length() {
        if !available() {
            return;
        }
        let messages: [Vec<u8>; STREAMS] = std::array::from_fn(|s| vec![s as u8; s]);
        let run = |lengths: [usize; STREAMS]| {
            let mut outputs = lengths.map(|length| vec![0u8; length]);
            let mut slices = outputs.iter_mut().map(Vec::as_mut_slice);
            shake256(&messages, &mut std::array::from_fn(|_| slices.next().unwrap()));
            outputs
        };
        let (short, long) = (run([0, 1, 136, 137, 200, 272, 400, 5]), run([400; STREAMS]));
        for (short, long) in short.iter().zip(&long) {
            assert_eq!(*short, long[..short.len()]);
        }
    }
}
