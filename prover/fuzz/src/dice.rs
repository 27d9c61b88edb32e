//! Choices from a seed. Mutations must be repeatable, and cheap beside what they test.

/// A xorshift generator.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        // An odd multiplier spreads neighbouring seeds; 0 is the one state that xorshift never leaves.
        Dice(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`; 0 where there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        match bound {
            0 => 0,
            bound => ((self.next() >> 11) % bound as u64) as usize,
        }
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// Changes bytes without knowing what they mean, up to a longest length: libFuzzer's own mutator, or [`havoc`].
pub type Bytes<'a> = dyn FnMut(&mut Vec<u8>, usize) + 'a;

/// A few of the usual changes of a byte string.
pub fn havoc(dice: &mut Dice, bytes: &mut Vec<u8>, max: usize) {
    for _ in 0..1 + dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            1 if !bytes.is_empty() => bytes[at] = *dice.pick(&[0, 1, 0x7f, 0x80, 0xff, b'0', b'9', b'"']).unwrap_or(&0),
            2 => bytes.insert(at, dice.next() as u8),
            3 if !bytes.is_empty() => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            5 if !bytes.is_empty() => {
                let end = at + dice.below(bytes.len() - at + 1).min(64);
                let part = bytes[at..end].to_vec();
                let to = dice.below(bytes.len());
                bytes.splice(to..to, part);
            }
            _ if bytes.len() >= 8 => {
                let at = at.min(bytes.len() - 8);
                let number = [u64::MAX, 1 << 63, 1 << 40, 64 << 20, dice.next()][dice.below(5)];
                bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
            }
            _ => bytes.push(dice.next() as u8),
        }
    }
    bytes.truncate(max);
}
