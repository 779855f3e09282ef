//! Primes, slice by slice, by the sieve of Eratosthenes.

use std::ops::Range;

/// Numbers below a limit, each prime or not.
#[derive(Debug)]
pub(crate) struct Sieve {
    limit: u64,
    /// The primes whose multiples are struck out.
    primes: Vec<u64>,
}

impl Sieve {
    /// The numbers in a slice, which take some milliseconds.
    const SLICE: u64 = 1 << 20;

    pub(crate) fn new(limit: u64) -> Self {
        let root = limit.isqrt();
        let mut primes: Vec<u64> = Vec::new();
        for number in 2..=root {
            if divisors(&primes, number).all(|prime| number % prime != 0) {
                primes.push(number);
            }
        }
        Self { limit, primes }
    }

    /// Returns slices of all numbers below the limit, in their order.
    pub(crate) fn slices(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        let limit = self.limit;
        (0..limit.div_ceil(Self::SLICE))
            .map(move |at| at * Self::SLICE..limit.min((at + 1) * Self::SLICE))
    }

    /// Returns how many numbers of a slice are prime.
    pub(crate) fn count(&self, slice: Range<u64>) -> u64 {
        let index =
            |number: u64| usize::try_from(number - slice.start).expect("a slice fits into memory");
        let mut is_prime = vec![true; index(slice.end)];
        for zero_or_one in slice.start..slice.end.min(2) {
            is_prime[index(zero_or_one)] = false;
        }
        for prime in divisors(&self.primes, slice.end) {
            let mut multiple = slice.start.next_multiple_of(prime).max(prime * prime);
            while multiple < slice.end {
                is_prime[index(multiple)] = false;
                multiple += prime;
            }
        }
        is_prime.into_iter().map(u64::from).sum()
    }
}

/// Returns the primes up to the root of a number, one of which divides it unless it is prime.
fn divisors(primes: &[u64], number: u64) -> impl Iterator<Item = u64> {
    primes.iter().copied().take_while(move |prime| prime * prime <= number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slices_of_a_limit_have_as_many_primes_as_the_literature_says() {
        let known = [
            (0, 0),
            (2, 0),
            (3, 1),
            (4, 2),
            (10, 4),
            (100, 25),
            (1 << 20, 82_025),
            (3_000_000, 216_816),
        ];
        for (limit, primes) in known {
            let sieve = Sieve::new(limit);
            assert_eq!(
                sieve.slices().map(|slice| sieve.count(slice)).sum::<u64>(),
                primes,
                "below {limit}"
            );
        }
    }

    #[test]
    fn slices_follow_each_other_without_a_gap() {
        let slices: Vec<_> = Sieve::new((1 << 20) + 5).slices().collect();
        assert_eq!(slices, [0..1 << 20, 1 << 20..(1 << 20) + 5]);
        assert_eq!(Sieve::new(1 << 20).slices().count(), 1);
    }
}
