//! The conditions of a publication: the subscribers that receive its event.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The part of `PUBLISH.Options` that chooses subscribers (L-03). A list that is present is a
/// condition; an empty whitelist admits no subscriber (L-04).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    pub(crate) exclude: Option<Vec<u64>>,
    pub(crate) exclude_authid: Option<NameList>,
    pub(crate) exclude_authrole: Option<NameList>,
    pub(crate) eligible: Option<Vec<u64>>,
    pub(crate) eligible_authid: Option<NameList>,
    pub(crate) eligible_authrole: Option<NameList>,
}

impl Filter {
    /// Returns whether the filter includes or excludes certain sessions.
    pub(crate) fn names_sessions(&self) -> bool {
        self.exclude.is_some() || self.eligible.is_some()
    }

    /// Returns about how many bytes of memory the filter takes.
    pub(crate) fn bytes(&self) -> usize {
        let numbers = [&self.exclude, &self.eligible].into_iter().flatten();
        let names = [
            &self.exclude_authid,
            &self.exclude_authrole,
            &self.eligible_authid,
            &self.eligible_authrole,
        ];
        size_of::<Self>()
            + numbers.map(|list| size_of::<u64>() * list.capacity()).sum::<usize>()
            + names.into_iter().flatten().map(NameList::bytes).sum::<usize>()
    }

    /// Sorts the lists, so that a binary search finds each subscriber, and shrinks them to the
    /// memory that they need. Returns `None` if there is no condition.
    pub(crate) fn sorted(mut self) -> Option<Box<Self>> {
        if self == Self::default() {
            return None;
        }
        for numbers in [&mut self.exclude, &mut self.eligible].into_iter().flatten() {
            numbers.sort_unstable();
            numbers.dedup();
            numbers.shrink_to_fit();
        }
        let names = [
            &mut self.exclude_authid,
            &mut self.exclude_authrole,
            &mut self.eligible_authid,
            &mut self.eligible_authrole,
        ];
        for names in names.into_iter().flatten() {
            *names = names.sorted();
        }
        Some(Box::new(self))
    }

    /// Returns whether a subscriber with this identity may get the event. The lists must be sorted.
    pub(crate) fn admits(&self, session: u64, authid: &str, authrole: &str) -> bool {
        let number = |list: &Option<Vec<u64>>, absent| {
            list.as_ref().map_or(absent, |list| list.binary_search(&session).is_ok())
        };
        let name = |list: &Option<NameList>, name: &str, absent| {
            list.as_ref().map_or(absent, |list| list.contains(name))
        };
        number(&self.eligible, true)
            && name(&self.eligible_authid, authid, true)
            && name(&self.eligible_authrole, authrole, true)
            && !number(&self.exclude, false)
            && !name(&self.exclude_authid, authid, false)
            && !name(&self.exclude_authrole, authrole, false)
    }
}

/// Names, one after the other in one text. As a `Vec<String>`, a client's list of short names would
/// take many times its length in memory, as long as its event waits or is retained.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct NameList {
    text: String,
    /// The end of each name in the text.
    ends: Vec<usize>,
}

impl NameList {
    fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(self.text.len());
    }

    fn get(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.text[start..self.ends[at]]
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|at| self.get(at))
    }

    /// Returns the names in order, each once.
    fn sorted(&self) -> Self {
        let mut names: Vec<_> = self.iter().collect();
        names.sort_unstable();
        names.dedup();
        let length = names.iter().map(|name| name.len()).sum();
        let mut sorted =
            Self { text: String::with_capacity(length), ends: Vec::with_capacity(names.len()) };
        names.into_iter().for_each(|name| sorted.push(name));
        sorted
    }

    /// Returns whether the name is one of these, which must be sorted.
    fn contains(&self, name: &str) -> bool {
        let (mut start, mut end) = (0, self.ends.len());
        while start < end {
            let middle = start + (end - start) / 2;
            match self.get(middle).cmp(name) {
                Ordering::Less => start = middle + 1,
                Ordering::Equal => return true,
                Ordering::Greater => end = middle,
            }
        }
        false
    }

    fn bytes(&self) -> usize {
        self.text.capacity() + size_of::<usize>() * self.ends.capacity()
    }
}

impl fmt::Debug for NameList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl FromIterator<String> for NameList {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        let mut list = Self::default();
        names.into_iter().for_each(|name| list.push(&name));
        list
    }
}

impl<'de> Deserialize<'de> for NameList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = NameList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of names")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<NameList, A::Error> {
                let mut list = NameList::default();
                while let Some(name) = names.next_element::<String>()? {
                    list.push(&name);
                }
                Ok(list)
            }
        }
        deserializer.deserialize_seq(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(options: &str) -> Box<Filter> {
        serde_json::from_str::<Filter>(options).expect("a dict").sorted().expect("a condition")
    }

    #[test]
    fn names_are_found_in_any_order_and_no_others_are_l_03() {
        let listed = ["eve", "", "joe", "ann", "joe", "é", "joey", "an"];
        let filter = filter(&serde_json::json!({ "eligible_authid": listed }).to_string());
        for name in listed {
            assert!(filter.admits(1, name, "user"), "{name}");
        }
        for name in ["e", "jo", "joeyjoe", "eveann", "f", "\u{0}", "ö"] {
            assert!(!filter.admits(1, name, "user"), "{name}");
        }
    }

    #[test]
    fn an_empty_whitelist_is_for_no_subscriber_and_an_empty_blacklist_for_all_l_04() {
        assert!(!filter(r#"{"eligible_authid":[]}"#).admits(1, "", ""));
        assert!(filter(r#"{"exclude_authrole":[]}"#).admits(1, "", ""));
    }

    #[test]
    fn lists_take_little_more_memory_than_their_message() {
        let names: Vec<_> = (100..1000).map(|number| number.to_string()).collect();
        let options = serde_json::json!({ "exclude_authrole": names }).to_string();
        let bytes = filter(&options).bytes();
        assert!(bytes < 2 * options.len() + size_of::<Filter>(), "{bytes} for {}", options.len());
        let numbers: Vec<_> = (100..1000).collect();
        let options = serde_json::json!({ "exclude": numbers }).to_string();
        assert_eq!(filter(&options).bytes(), size_of::<Filter>() + 8 * numbers.len());
    }

    #[test]
    fn what_is_said_again_and_again_takes_the_memory_of_once() {
        let options =
            serde_json::json!({ "eligible": vec![1; 1000], "eligible_authid": vec![""; 1000] });
        let once = serde_json::json!({ "eligible": [1], "eligible_authid": [""] });
        assert_eq!(filter(&options.to_string()).bytes(), filter(&once.to_string()).bytes());
    }
}
