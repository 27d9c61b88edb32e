//! Changes of messages: strings of points (48 bytes) and scalars (32 bytes), which all begin at multiples of 16.

use super::dice::{Bytes, Dice};

const STEP: usize = 16;
const POINT: usize = 48;
const SCALAR: usize = 32;
/// p − 1, p and 2^256 − 1, little-endian; the neutral element, and the x-coordinate 0 with both signs.
const SCALARS: [&str; 5] = [
    "00000000fffffffffe5bfeff02a4bd5305d8a10908d83933487d9d2953a7ed73",
    "01000000fffffffffe5bfeff02a4bd5305d8a10908d83933487d9d2953a7ed73",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
];
const POINTS: [&str; 3] = ["c0", "80", "a0"];

/// Alters one field of a message; `bytes` alters without knowing where fields lie.
pub fn mutate(dice: &mut Dice, data: &mut Vec<u8>, max: usize, bytes: &mut Bytes) {
    let width = if dice.once_in(2) { POINT } else { SCALAR };
    let slots = (data.len().saturating_sub(width) / STEP) + 1;
    let (from, to) = (STEP * dice.below(slots), STEP * dice.below(slots));
    if data.len() < width || dice.once_in(3) {
        return bytes(data, max);
    }
    match dice.below(3) {
        0 => {
            let field = data[from..from + width].to_vec();
            data[to..to + width].copy_from_slice(&field);
        }
        1 if width == SCALAR => {
            let scalar = hex::decode(dice.pick(&SCALARS).unwrap_or(&"")).unwrap_or_default();
            data[to..to + SCALAR].copy_from_slice(&scalar);
        }
        1 => {
            data[to..to + POINT].fill(0);
            data[to..=to].copy_from_slice(&hex::decode(dice.pick(&POINTS).unwrap_or(&"c0")).unwrap_or_default());
        }
        _ => {
            let mut field = data[to..to + width].to_vec();
            bytes(&mut field, width);
            field.resize(width, 0);
            data[to..to + width].copy_from_slice(&field);
        }
    }
}
