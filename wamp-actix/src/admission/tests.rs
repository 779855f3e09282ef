use std::sync::atomic::AtomicUsize;
use std::task::Wake;

use super::*;

struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn admission() -> Arc<Admission> {
    Admission::of(&Router::builder().handlers([]).build().expect("nothing is wrong with it"))
}

fn address(last: u8) -> Option<IpAddr> {
    Some([192, 0, 2, last].into())
}

fn admit(admission: &Arc<Admission>, limits: &Limits, address: Option<IpAddr>) -> Place {
    admission.admit(limits, address, 1).expect("there is room")
}

fn refused(admission: &Arc<Admission>, limits: &Limits, address: Option<IpAddr>) -> Full {
    admission.admit(limits, address, 1).expect_err("there is none")
}

#[test]
fn a_router_has_one_admission_for_all_its_handles_and_shares_it_with_no_other() {
    let [one, other] =
        [(); 2].map(|()| Router::builder().handlers([]).build().expect("nothing is wrong"));
    let same: Router = wamp_core::Router::clone(&one).into();
    assert!(Arc::ptr_eq(&Admission::of(&one), &Admission::of(&same)));
    assert!(!Arc::ptr_eq(&Admission::of(&one), &Admission::of(&other)));
}

#[test]
fn one_address_gets_no_more_than_half_of_anything_and_nor_do_those_without_a_session() {
    let bounds = |connections, connections_per_address, opening, opening_per_address| Bounds {
        connections,
        connections_per_address,
        opening,
        opening_per_address,
    };
    let limits = Limits::default();
    assert_eq!(Bounds::new(&limits, usize::MAX), bounds(50_000, 1024, 4096, 256));
    // `ulimit -n 1024` with `on_connect`.
    assert_eq!(Bounds::new(&limits, 480), bounds(480, 240, 240, 120));
    assert_eq!(Bounds::new(&limits.clone().connections(Some(100)), 480), bounds(100, 50, 50, 25));
    assert_eq!(
        Bounds::new(&limits.clone().connections(Some(500)), 480),
        bounds(480, 240, 240, 120)
    );
    assert_eq!(
        Bounds::new(&limits.clone().connections(Some(100_000)), usize::MAX).connections,
        100_000
    );
    assert_eq!(Bounds::new(&limits, 1), bounds(1, 1, 1, 1));
}

#[test]
fn a_place_is_there_again_when_its_connection_is_gone() {
    let (admission, limits) = (admission(), Limits::default().connections(Some(4)));
    let mut places: Vec<_> =
        (1..=4).map(|last| admit(&admission, &limits, address(last))).collect();
    assert_eq!(refused(&admission, &limits, address(5)), Full::Connections);
    places[0].has_session();
    drop(places.remove(0));
    drop(places.remove(0));
    places.extend([5, 6].map(|last| admit(&admission, &limits, address(last))));
    assert_eq!(refused(&admission, &limits, address(7)), Full::Connections);
}

#[test]
fn nothing_is_left_of_addresses_without_connections() {
    let (admission, limits) = (admission(), Limits::default());
    let mut places: Vec<_> =
        (0..=255).map(|last| admit(&admission, &limits, address(last))).collect();
    places.iter_mut().step_by(2).for_each(Place::has_session);
    drop(places);
    let table = format!("{:?}", admission.table.lock());
    assert!(table.contains("connections: 0, by_address: {}, opening: {}"), "{table}");
}

#[test]
fn one_address_is_full_and_others_are_not() {
    let (admission, limits) = (admission(), Limits::default().connections_per_address(2));
    let _places =
        [address(1), address(1), address(2)].map(|address| admit(&admission, &limits, address));
    assert_eq!(refused(&admission, &limits, address(1)), Full::ConnectionsPerAddress);
    admit(&admission, &limits, address(2));
    let _unlimited: Vec<_> = (0..10).map(|_| admit(&admission, &limits, None)).collect();
}

#[test]
fn the_oldest_without_a_session_makes_room_for_a_newcomer() {
    let (admission, limits) = (admission(), Limits::default().opening(3).opening_per_address(1));
    let mut places: Vec<_> =
        (1..=4).map(|last| admit(&admission, &limits, address(last))).collect();
    let wanted = |places: &[Place]| places.iter().map(Place::is_wanted).collect::<Vec<_>>();
    assert_eq!(wanted(&places), [true, false, false, false]);
    // A connection with a session stays, however old it is.
    places[1].has_session();
    places.push(admit(&admission, &limits, address(5)));
    assert_eq!(wanted(&places), [true, false, false, false, false]);
    places.push(admit(&admission, &limits, address(6)));
    assert_eq!(wanted(&places), [true, false, true, false, false, false]);
    // A closed connection has made room.
    drop(places.remove(3));
    places.push(admit(&admission, &limits, address(7)));
    assert_eq!(wanted(&places), [true, false, true, false, false, false]);
}

#[test]
fn one_address_pushes_out_its_own_connections_and_no_others() {
    let (admission, limits) = (admission(), Limits::default().opening(8).opening_per_address(2));
    let other = admit(&admission, &limits, address(2));
    let places: Vec<_> = (0..20).map(|_| admit(&admission, &limits, address(1))).collect();
    assert_eq!(places.iter().filter(|place| !place.is_wanted()).count(), 2);
    assert!(!places[18].is_wanted() && !places[19].is_wanted() && !other.is_wanted());
}

#[test]
fn a_connection_that_makes_room_is_woken_once_whether_it_was_ready_to_be_or_not() {
    let (admission, limits) = (admission(), Limits::default().opening(1));
    let early = admit(&admission, &limits, None);
    let _second = admit(&admission, &limits, None);
    assert!(early.is_wanted(), "it was not ready to be woken");
    let wakes = Arc::new(Wakes(AtomicUsize::new(0)));
    let late = admit(&admission, &limits, None);
    late.set_task(Arc::clone(&wakes).into());
    let _places = [(); 3].map(|()| admit(&admission, &limits, None));
    assert!(late.is_wanted());
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
}
