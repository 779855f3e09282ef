//! Families of metrics: a name, a line of help, and series with labels.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// The labels of a series.
pub(super) type Labels<'l, const N: usize> = [(&'static str, &'l str); N];

/// Writes families one after the other.
pub(super) struct Families<'e>(pub(super) DescriptorEncoder<'e>);

/// The observations of a series: how many were in each bucket and in none before, and their sum.
pub(super) struct Observations {
    /// The upper bounds of the buckets in seconds, ascending, infinity the last, with the counts.
    pub(super) buckets: Vec<(f64, u64)>,
    /// The sum in seconds.
    pub(super) sum: f64,
}

impl Families<'_> {
    /// Writes values that go up and down.
    pub(super) fn gauge<'l, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Labels<'l, N>, u64)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Gauge)?;
        for (labels, value) in series {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// Writes counters. The name has no `_total`, which both formats append.
    pub(super) fn counter<'l, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Labels<'l, N>, u64)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Counter)?;
        for (labels, value) in series {
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&value, None)?;
        }
        Ok(())
    }

    /// Writes histograms of durations.
    pub(super) fn histogram<'l, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Labels<'l, N>, Observations)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Histogram)?;
        for (labels, Observations { buckets, sum }) in series {
            let count = buckets.iter().map(|(_, count)| count).sum();
            let mut one = family.encode_family(&labels)?;
            one.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }

    fn family<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }
}
