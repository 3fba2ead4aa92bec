//! Numbers from a seed and a place in the city, without state: any of them can be asked for at any time.

/// SplitMix64 (Steele, Lea, Flood 2014), one step: a bijection that mixes every bit into every other.
pub(crate) const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number for three coordinates, such as seed, series and tick.
pub(crate) const fn at(seed: u64, a: u64, b: u64) -> u64 {
    mix(mix(mix(seed) ^ a) ^ b)
}

/// From 0 up to, not including, 1.
pub(crate) fn unit(n: u64) -> f64 {
    (n >> 11) as f64 / (1u64 << 53) as f64
}

/// About normally distributed, mean 0, standard deviation 1: the sum of four uniform numbers, bounded to ±3.5.
pub(crate) fn normal(n: u64) -> f64 {
    let part = |shift: u32| f64::from((n >> shift) as u16);
    (part(0) + part(16) + part(32) + part(48)) / 65_536.0 * 1.732_05 - 3.464_1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_stated_spread() {
        let all: Vec<f64> = (0..20_000).map(|i| normal(at(7, 1, i))).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / all.len() as f64;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.03, "mean {mean}, variance {variance}");
        assert!((0..1000).map(|i| unit(at(7, 2, i))).all(|u| (0.0..1.0).contains(&u)));
    }

    #[test]
    fn other_places_give_other_numbers() {
        assert_ne!(at(1, 2, 3), at(1, 3, 2));
        assert_ne!(at(1, 2, 3), at(2, 2, 3));
        assert_eq!(at(1, 2, 3), at(1, 2, 3));
    }
}
