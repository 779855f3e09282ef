//! The types that the user wrote inside a parameter's type.
//!
//! The macro finds these types; the compiler tells later whether one of them is injected. The macro
//! sees neither through an alias nor into the fields of a struct.

use syn::{GenericArgument, PathArguments, PathSegment, Type, TypePath};

/// Types whose first generic argument is a type; a second one may be something else.
const CONTAINERS: [&str; 15] = [
    "Option",
    "Box",
    "Rc",
    "Arc",
    "Cow",
    "Vec",
    "VecDeque",
    "LinkedList",
    "BinaryHeap",
    "HashSet",
    "BTreeSet",
    "Cell",
    "RefCell",
    "Mutex",
    "RwLock",
];
/// Types whose first two generic arguments are types.
const PAIRS: [&str; 3] = ["Result", "HashMap", "BTreeMap"];

/// Types that are extractors of actix if the types inside them are. The same holds for tuples.
const EXTRACTORS: [&str; 3] = ["Option", "Result", "Either"];

/// A type inside of a type.
pub(crate) struct Inner {
    pub(crate) ty: Type,
    /// True if actix extracts this type when it extracts the outer one.
    pub(crate) is_extracted: bool,
}

/// Returns the types inside a type, without the type itself. An `Option` is skipped, its content is
/// not.
pub(super) fn of(ty: &Type) -> Vec<Inner> {
    let mut found = Vec::new();
    collect_parts(ty, true, &mut found);
    found
}

fn collect_parts(ty: &Type, is_extracted: bool, found: &mut Vec<Inner>) {
    let is_extracted = is_extracted && extracts_parts(ty);
    for part in parts(ty) {
        collect(part, is_extracted, found);
    }
}

fn collect(ty: &Type, is_extracted: bool, found: &mut Vec<Inner>) {
    match ty {
        Type::Group(group) => return collect(&group.elem, is_extracted, found),
        Type::Paren(paren) => return collect(&paren.elem, is_extracted, found),
        Type::Path(_) | Type::Macro(_)
            if last(ty).is_none_or(|segment| segment.ident != "Option") =>
        {
            found.push(Inner { ty: ty.clone(), is_extracted });
        }
        _ => {}
    }
    collect_parts(ty, is_extracted, found);
}

fn extracts_parts(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => extracts_parts(&group.elem),
        Type::Paren(paren) => extracts_parts(&paren.elem),
        Type::Tuple(_) => true,
        _ => last(ty).is_some_and(|segment| EXTRACTORS.iter().any(|name| segment.ident == name)),
    }
}

/// Returns the types directly inside a type.
fn parts(ty: &Type) -> Vec<&Type> {
    match ty {
        Type::Array(array) => vec![&*array.elem],
        Type::Group(group) => parts(&group.elem),
        Type::Paren(paren) => parts(&paren.elem),
        Type::Reference(reference) => vec![&*reference.elem],
        Type::Slice(slice) => vec![&*slice.elem],
        Type::Tuple(tuple) => tuple.elems.iter().collect(),
        Type::Path(_) => last(ty).map(generics).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Returns the last segment of a path, which names the type. In `<T as Trait>::Name` neither `T`
/// nor the trait is part of the type.
fn last(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(TypePath { path, .. }) => path.segments.last(),
        _ => None,
    }
}

fn generics(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(generics) = &segment.arguments else {
        return Vec::new();
    };
    let types = generics.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    let is_one_of = |names: &[&str]| names.iter().any(|name| segment.ident == name);
    let certain = if is_one_of(&PAIRS) { 2 } else { usize::from(is_one_of(&CONTAINERS)) };
    types
        .enumerate()
        .filter(|(at, ty)| *at < certain || !may_be_constant(ty))
        .map(|(_, ty)| ty)
        .collect()
}

/// Returns whether a generic argument may be a constant: syntax does not distinguish `N` from a
/// type, so an upper-case name counts as one.
fn may_be_constant(ty: &Type) -> bool {
    let Type::Path(TypePath { qself: None, path, .. }) = ty else {
        return false;
    };
    let segment = path.segments.last();
    segment.is_some_and(|segment| {
        segment.arguments.is_none() && !segment.ident.to_string().chars().any(char::is_lowercase)
    })
}

#[cfg(test)]
mod tests {
    use quote::ToTokens as _;
    use syn::parse_str;

    use super::of;

    #[test]
    fn the_types_inside_of_a_type_are_found() {
        for (ty, expected) in [
            ("Customer", ""),
            ("Option<Customer>", "Customer"),
            ("Option<Option<Vec<a::Customer>>>", "Vec < a :: Customer > ; a :: Customer"),
            ("Result<Customer, String>", "Customer ; String"),
            ("&[(A, [B; 3])]", "A ; B"),
            ("Cow<'_, str>", "str"),
            ("Vec<A>", "A"),
            ("HashMap<String, A>", "String ; A"),
            ("heapless::Vec<u8, N>", "u8"),
            ("Matrix<N, { 2 }>", ""),
            ("<Customer as Identified>::Id", ""),
            ("fn(Customer) -> Customer", ""),
        ] {
            let ty = parse_str(ty).unwrap();
            let found: Vec<String> =
                of(&ty).iter().map(|inner| inner.ty.to_token_stream().to_string()).collect();
            assert_eq!(found.join(" ; "), expected);
        }
    }

    #[test]
    fn what_actix_would_extract_is_told_from_what_it_would_not() {
        for (ty, expected) in [
            ("Option<Json<A>>", "Json < A >"),
            ("Result<Json<A>, Error>", "Json < A > ; Error"),
            ("Either<Form<A>, web::Bytes>", "Form < A > ; web :: Bytes"),
            ("(Data<Bytes>, Option<(Bytes, u8)>)", "Data < Bytes > ; Bytes ; u8"),
            ("Vec<Bytes>", ""),
            ("Data<Option<Bytes>>", ""),
        ] {
            let ty = parse_str(ty).unwrap();
            let found: Vec<String> = of(&ty)
                .iter()
                .filter(|inner| inner.is_extracted)
                .map(|inner| inner.ty.to_token_stream().to_string())
                .collect();
            assert_eq!(found.join(" ; "), expected);
        }
    }
}
