//! The text of numbers that need no exponent: the same in `repr` and in pydantic.

/// Appends the shortest decimal text that reads back as `number`. `false`: it may need an exponent, or is not finite.
pub(crate) fn write_plain_float(number: f64, out: &mut Vec<u8>) -> bool {
    let size = number.abs();
    if number != 0.0 && !(1e-4..1e16).contains(&size) {
        return false;
    }
    if !write_hundredths(number, size, out) {
        out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
    }
    true
}

/// Writes a number that is the nearest one to a decimal with two places, which many are.
///
/// Decimals of up to 15 digits have floats of their own, so that no other text is as short. The division is rounded
/// correctly, as reading the text would be.
fn write_hundredths(number: f64, size: f64, out: &mut Vec<u8>) -> bool {
    if size >= 1e12 {
        return false;
    }
    // Below 2^53 both conversions are exact.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let hundredths = (size * 100.0 + 0.5) as u64;
    #[allow(clippy::cast_precision_loss)]
    let decimal = hundredths as f64 / 100.0;
    if decimal.to_bits() != size.to_bits() {
        return false;
    }
    if number.is_sign_negative() {
        out.push(b'-');
    }
    out.extend_from_slice(itoa::Buffer::new().format(hundredths / 100).as_bytes());
    #[allow(clippy::cast_possible_truncation)]
    let fraction = (hundredths % 100) as u8;
    let (tens, ones) = (b'0' + fraction / 10, b'0' + fraction % 10);
    if ones == b'0' {
        out.extend_from_slice(&[b'.', tens]);
    } else {
        out.extend_from_slice(&[b'.', tens, ones]);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: f64) -> Option<String> {
        let mut out = Vec::new();
        write_plain_float(number, &mut out).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_two_ways_agree() {
        let steps = (0..200_000).map(|n| f64::from(n) / 100.0);
        let neighbours = (1..2_000).flat_map(|n| {
            let bits = (f64::from(n) / 100.0).to_bits();
            [f64::from_bits(bits - 1), f64::from_bits(bits + 1)]
        });
        let others = [
            0.001,
            0.0001,
            1.005,
            0.1 + 0.2,
            1e11 + 0.01,
            1e12,
            1e12 - 0.01,
            123_456_789_012.34,
            9.9e15,
        ];
        for number in steps.chain(neighbours).chain(others) {
            if number == 0.0 || number >= 1e-4 {
                let expected = ryu::Buffer::new().format_finite(number).to_owned();
                assert_eq!(text(number), Some(expected.clone()));
                assert_eq!(text(-number), Some(format!("-{expected}")));
            }
        }
    }

    #[test]
    fn exponents_are_for_others() {
        for number in [1e16, 9.9e-5, 5e-324, f64::MAX, f64::NAN, f64::INFINITY] {
            assert_eq!(text(number), None);
        }
    }
}
