//! The report: medians over the rounds, as Markdown tables.

use std::fmt::Write as _;
use std::time::Duration;

use crate::contestant::{Contestant, Role};
use crate::scenario::{Bar, Finding, Scenario};
use crate::tally::Sample;

/// The outcome of one scenario.
#[derive(Debug)]
pub(crate) struct Outcome {
    scenario: Scenario,
    pub(crate) entries: Vec<Entry>,
}

/// The results of one contestant's rounds.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) contestant: Contestant,
    pub(crate) findings: Vec<Finding>,
    pub(crate) failed: bool,
}

impl Outcome {
    /// Returns an outcome without rounds, for the contestants that can run the scenario.
    pub(crate) fn new(scenario: Scenario, contestants: &[Contestant]) -> Self {
        let able = contestants.iter().filter(|contestant| scenario.applies_to(contestant));
        let entry = |contestant: &Contestant| Entry {
            contestant: contestant.clone(),
            findings: Vec::new(),
            failed: false,
        };
        Self { scenario, entries: able.map(entry).collect() }
    }

    /// The median over the rounds of how many times our CPU, or memory, `entry` takes per unit.
    fn times_ours(&self, entry: &Entry) -> Option<f64> {
        let ours = self.entries.iter().find(|entry| matches!(entry.contestant.role, Role::Ours))?;
        median(
            entry
                .findings
                .iter()
                .zip(&ours.findings)
                .map(|(theirs, ours)| theirs.cost() / ours.cost()),
        )
    }

    fn reference_times_ours(&self) -> Option<f64> {
        let is_reference = |entry: &&Entry| matches!(entry.contestant.role, Role::Reference);
        self.times_ours(self.entries.iter().find(is_reference)?)
    }

    /// Returns the bound that `entry` must reach, in words, and whether it does.
    fn judge(&self, entry: &Entry) -> (String, &'static str) {
        let cost = median(entry.findings.iter().map(Finding::cost));
        match entry.contestant.role {
            Role::Reference | Role::OtherBuild => (String::new(), ""),
            Role::Ours => judge(self.scenario.bar, self.reference_times_ours(), cost),
            Role::OtherSerializer => {
                let verdict =
                    verdict(self.times_ours(entry), OTHER_SERIALIZER.0, OTHER_SERIALIZER.1);
                (format!("≤ {} × ours ({})", OTHER_SERIALIZER.0, OTHER_SERIALIZER.1), verdict)
            }
            Role::Peer { bars, .. } => {
                let bar = bars.iter().find(|(scenario, _)| *scenario == self.scenario.name);
                bar.map_or((String::new(), ""), |&(_, must)| {
                    let reached = self.times_ours(entry).map(|times| -times);
                    (format!("≥ {must} × ours"), verdict(reached, -must, -must))
                })
            }
        }
    }
}

/// The maximum and the desired cost of the other serializers, relative to the first.
const OTHER_SERIALIZER: (f64, f64) = (1.1, 1.0);

impl Finding {
    /// CPU-seconds per 100 000 units, or KiB per session.
    fn cost(&self) -> f64 {
        match self {
            Self::Load(sample) => sample.cpu_per_100k(),
            Self::Kib(kib) => *kib,
        }
    }
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
    let (idle, loads): (Vec<_>, Vec<_>) =
        outcomes.iter().partition(|outcome| matches!(outcome.scenario.bar, Bar::Kib { .. }));
    if !loads.is_empty() {
        text += "\
            | scenario | server | k/s | CPU-s/100k | busy | p50 | p99 | × ours | bar (aim) | |\n\
            |---|---|--:|--:|--:|--:|--:|--:|---|---|\n";
    }
    for outcome in loads {
        text += &rows(outcome, |entry| cells(&entry.findings));
    }
    if !idle.is_empty() {
        text += "\n\
                 | scenario | server | KiB/session | × ours | bar (aim) | |\n\
                 |---|---|--:|--:|---|---|\n";
    }
    for outcome in idle {
        text += &rows(outcome, |entry| {
            median(entry.findings.iter().map(Finding::cost))
                .map_or("–".to_owned(), |kib| format!("{kib:.1}"))
        });
    }
    text
}

/// One line for each contestant; `figures` are the cells in the middle.
fn rows(outcome: &Outcome, figures: impl Fn(&Entry) -> String) -> String {
    let mut text = String::new();
    for entry in &outcome.entries {
        let (bar, verdict) =
            if entry.failed { (String::new(), "failed") } else { outcome.judge(entry) };
        let times =
            outcome.times_ours(entry).map_or("–".to_owned(), |times| format!("{times:.2}"));
        let (scenario, server) = (outcome.scenario.name, &entry.contestant.name);
        let figures = figures(entry);
        let _ =
            writeln!(text, "| `{scenario}` | {server} | {figures} | {times} | {bar} | {verdict} |");
    }
    text
}

fn cells(findings: &[Finding]) -> String {
    let samples: Vec<Sample> = findings.iter().filter_map(load).collect();
    let figure = |of: fn(&Sample) -> f64, digits: usize| {
        median(samples.iter().map(of))
            .map_or("–".to_owned(), |figure| format!("{figure:.digits$}"))
    };
    let rate = figure(|sample| sample.rate() / 1000.0, 1);
    let busy = figure(Sample::busy, 0);
    let cpu = figure(Sample::cpu_per_100k, 3);
    let latency = |of: fn(&Sample) -> Duration| {
        median(samples.iter().map(|sample| of(sample).as_secs_f64()))
            .map_or("–".to_owned(), in_unit)
    };
    let (p50, p99) = (latency(|sample| sample.p50), latency(|sample| sample.p99));
    let percent = if samples.is_empty() { "" } else { " %" };
    format!("{rate} | {cpu} | {busy}{percent} | {p50} | {p99}")
}

fn load(finding: &Finding) -> Option<Sample> {
    match finding {
        Finding::Load(sample) => Some(*sample),
        Finding::Kib(_) => None,
    }
}

fn in_unit(seconds: f64) -> String {
    let microseconds = seconds * 1e6;
    if microseconds < 1000.0 {
        format!("{microseconds:.0} µs")
    } else {
        format!("{:.2} ms", microseconds / 1000.0)
    }
}

/// The bar of ours in words, and whether the figure it is about reaches it.
fn judge(bar: Bar, reference_times_ours: Option<f64>, cost: Option<f64>) -> (String, &'static str) {
    match bar {
        Bar::Ratio { must, aim } => {
            let reached = reference_times_ours.map(|times| -times);
            (format!("raw echo ≥ {must:.2} × ours ({aim:.2})"), verdict(reached, -must, -aim))
        }
        Bar::Cpu { must, aim } => (format!("CPU ≤ {must} ({aim})"), verdict(cost, must, aim)),
        Bar::Kib { must, aim } => (format!("≤ {must} ({aim})"), verdict(cost, must, aim)),
        Bar::None => (String::new(), ""),
    }
}

/// Less is better.
fn verdict(reached: Option<f64>, must: f64, aim: f64) -> &'static str {
    match reached {
        None => "not measured",
        Some(figure) if figure <= aim => "aim met",
        Some(figure) if figure <= must => "bar met",
        Some(_) => "**missed**",
    }
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
    use crate::dialect::Dialect;
    use crate::serializer::Serializer;

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

    #[test]
    fn others_are_compared_with_ours_round_by_round_and_judged_by_their_own_bar() {
        let bars = &[("idle", 4.0)][..];
        let entry = |name: &str, role, found: [f64; 3]| Entry {
            contestant: Contestant {
                name: name.to_owned(),
                role,
                command: Vec::new(),
                dialect: Dialect::Wamp(Serializer::Json),
            },
            findings: found.map(Finding::Kib).into(),
            failed: false,
        };
        let outcome = Outcome {
            scenario: Scenario::named("idle").expect("a scenario"),
            entries: vec![
                entry("echo", Role::Reference, [5.0, 14.0, 30.0]),
                entry("ours", Role::Ours, [10.0, 14.0, 20.0]),
                entry("cbor", Role::OtherSerializer, [10.0, 15.0, 30.0]),
                entry("peer", Role::Peer { is_router: false, bars }, [39.0, 54.0, 90.0]),
            ],
        };
        let table = markdown(&[outcome]);
        let rows: Vec<_> = table.lines().skip(3).collect();
        assert_eq!(
            rows,
            [
                "| `idle` | echo | 14.0 | 1.00 |  |  |",
                "| `idle` | ours | 14.0 | 1.00 | ≤ 16 (12) | bar met |",
                "| `idle` | cbor | 15.0 | 1.07 | ≤ 1.1 × ours (1) | bar met |",
                "| `idle` | peer | 54.0 | 3.90 | ≥ 4 × ours | **missed** |",
            ]
        );
    }
}
