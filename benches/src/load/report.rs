//! The report: medians over the rounds, as Markdown tables.

use std::fmt::Write as _;
use std::time::Duration;

use crate::scenario::{Bar, Finding, Scenario};
use crate::tally::Sample;

/// All rounds of one scenario: the reference's finding, if there is one, and ours.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) scenario: Scenario,
    pub(crate) rounds: Vec<(Option<Finding>, Finding)>,
}

impl Sample {
    fn rate(&self) -> f64 {
        self.count as f64 / self.seconds
    }

    fn cpu_per_100k(&self) -> f64 {
        self.cpu_seconds * 100_000.0 / self.count as f64
    }

    fn busy(&self) -> f64 {
        100.0 * self.cpu_seconds / self.seconds
    }
}

/// The tables for all outcomes.
pub(crate) fn markdown(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    let is_idle = |outcome: &&Outcome| matches!(outcome.scenario.bar, Bar::Kib { .. });
    if !outcomes.iter().all(|outcome| is_idle(&outcome)) {
        text += "| scenario | reference k/s | CPU-s/100k | busy | p50 | p99 \
                 | ours k/s | CPU-s/100k | busy | p50 | p99 | ratio | bar (aim) | |\n\
                 |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|---|\n";
    }
    for outcome in outcomes.iter().filter(|outcome| !is_idle(outcome)) {
        let _ = writeln!(text, "{}", load_row(outcome));
    }
    for outcome in outcomes.iter().filter(is_idle) {
        let _ = write!(text, "\n{}", idle_table(outcome));
    }
    text
}

fn load_row(outcome: &Outcome) -> String {
    let reference: Vec<Sample> =
        outcome.rounds.iter().filter_map(|(found, _)| load(found.as_ref()?)).collect();
    let ours: Vec<Sample> = outcome.rounds.iter().filter_map(|(_, found)| load(found)).collect();
    let ratio =
        median(reference.iter().zip(&ours).map(|(theirs, ours)| theirs.cpu_per_100k() / ours.cpu_per_100k()));
    let cpu = median(ours.iter().map(Sample::cpu_per_100k));
    let shown = ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
    let (bar, verdict) = judge(outcome.scenario.bar, ratio, cpu);
    let name = outcome.scenario.name;
    format!("| {name} | {} | {} | {shown} | {bar} | {verdict} |", cells(&reference), cells(&ours))
}

fn load(finding: &Finding) -> Option<Sample> {
    match finding {
        Finding::Load(sample) => Some(*sample),
        Finding::Kib(_) => None,
    }
}

fn cells(samples: &[Sample]) -> String {
    let figure = |of: fn(&Sample) -> f64, digits: usize| {
        median(samples.iter().map(of)).map_or("–".to_owned(), |figure| format!("{figure:.digits$}"))
    };
    let rate = figure(|sample| sample.rate() / 1000.0, 1);
    let busy = figure(Sample::busy, 0);
    let cpu = figure(Sample::cpu_per_100k, 3);
    let latency = |of: fn(&Sample) -> Duration| {
        median(samples.iter().map(|sample| of(sample).as_secs_f64())).map_or("–".to_owned(), in_unit)
    };
    let (p50, p99) = (latency(|sample| sample.p50), latency(|sample| sample.p99));
    let percent = if samples.is_empty() { "" } else { " %" };
    format!("{rate} | {cpu} | {busy}{percent} | {p50} | {p99}")
}

fn in_unit(seconds: f64) -> String {
    let microseconds = seconds * 1e6;
    if microseconds < 1000.0 {
        format!("{microseconds:.0} µs")
    } else {
        format!("{:.2} ms", microseconds / 1000.0)
    }
}

/// The bar in words, and whether the figure it is about reaches it.
fn judge(bar: Bar, ratio: Option<f64>, figure: Option<f64>) -> (String, &'static str) {
    let (text, must, aim, reached) = match bar {
        Bar::Ratio { must, aim } => {
            (format!("ratio ≥ {must:.2} ({aim:.2})"), -must, -aim, ratio.map(|ratio| -ratio))
        }
        Bar::Cpu { must, aim } => (format!("CPU ≤ {must} ({aim})"), must, aim, figure),
        Bar::Kib { must, aim } => (format!("≤ {must} ({aim})"), must, aim, figure),
    };
    let verdict = match reached {
        None => "not measured",
        Some(figure) if figure <= aim => "aim met",
        Some(figure) if figure <= must => "bar met",
        Some(_) => "**missed**",
    };
    (text, verdict)
}

fn idle_table(outcome: &Outcome) -> String {
    let kib = |finding: &Finding| match finding {
        Finding::Kib(kib) => Some(*kib),
        Finding::Load(_) => None,
    };
    let reference = median(outcome.rounds.iter().filter_map(|(found, _)| kib(found.as_ref()?)));
    let ours = median(outcome.rounds.iter().filter_map(|(_, found)| kib(found)));
    let (bar, verdict) = judge(outcome.scenario.bar, None, ours);
    let shown = |figure: Option<f64>| figure.map_or("–".to_owned(), |figure| format!("{figure:.1}"));
    format!(
        "| scenario | reference KiB/session | ours KiB/session | bar (aim) | |\n|---|--:|--:|---|---|\n\
         | {} | {} | {} | {bar} | {verdict} |\n",
        outcome.scenario.name,
        shown(reference),
        shown(ours)
    )
}

/// The middle of the figures, the mean of the two middle ones if their number is even.
fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => None,
        count if count % 2 == 1 => Some(figures[middle]),
        _ => Some(f64::midpoint(figures[middle - 1], figures[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(median([4.0, 1.0, 3.0, 2.0].into_iter()), Some(2.5));
        assert_eq!(median([4.0, 1.0, 3.0].into_iter()), Some(3.0));
        assert_eq!(median([].into_iter()), None);
    }

    #[test]
    fn a_ratio_must_not_be_below_its_bar_and_cpu_not_above() {
        let ratio = Bar::Ratio { must: 0.9, aim: 0.97 };
        assert_eq!(judge(ratio, Some(0.98), None).1, "aim met");
        assert_eq!(judge(ratio, Some(0.91), None).1, "bar met");
        assert_eq!(judge(ratio, Some(0.89), None).1, "**missed**");
        assert_eq!(judge(Bar::Cpu { must: 0.6, aim: 0.3 }, None, Some(0.61)).1, "**missed**");
    }
}
