//! What is the same in every handler: who it is called on, and what a signature must not have.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{FnArg, GenericParam, PatType, Receiver, ReceiverKind, Safety, Signature, Type};

use crate::errors::Errors;
use crate::ty;

/// What a method is called on.
pub(crate) enum CalledOn<'a> {
    /// `&self`
    Shared,
    /// `&mut self`
    Exclusive,
    /// A handle of this type, in place of a receiver.
    Handle(&'a Type),
}

/// A method as messages name it.
pub(crate) struct Named<'a> {
    /// `action` or `computed emitter`.
    pub(crate) kind: &'static str,
    pub(crate) ident: &'a Ident,
}

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}`", self.kind, self.ident)
    }
}

/// Refuses what no handler can have.
pub(crate) fn check(sig: &Signature, named: &Named<'_>, errors: &mut Errors) {
    for param in &sig.generics.params {
        let name = match param {
            GenericParam::Type(param) => &param.ident,
            GenericParam::Const(param) => &param.ident,
            // Lifetimes are chosen by each call, so nobody has to name them.
            GenericParam::Lifetime(_) => continue,
        };
        errors.at(
            param,
            format_args!("{named} must not be generic over `{name}`"),
            "a server cannot choose a type; write the type that you need",
        );
    }
    if let Safety::Unsafe(token) = &sig.safety {
        errors.at(
            token,
            format_args!("{named} must not be `unsafe`"),
            "anyone on the show can call it; make it safe, and check inside what it needs",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(
            abi,
            format_args!("{named} must not be `extern`"),
            "it is called from Rust; remove `extern`",
        );
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            format_args!("{named} must not be variadic"),
            "write its arguments one by one, or take a `Vec`",
        );
    }
}

/// What the method is called on, and its arguments; `None` when that was a mistake.
pub(crate) fn called_on<'a>(
    sig: &'a Signature,
    named: &Named<'_>,
    self_ty: &Type,
    handles: bool,
    errors: &mut Errors,
) -> (Option<CalledOn<'a>>, Vec<&'a PatType>) {
    let typed = |arg: &'a FnArg| match arg {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    };
    let arguments = sig.inputs.iter().filter_map(typed).collect();
    let fix = if handles {
        "`&self`, `&mut self`, or `this: Handle<Self>` if it runs long"
    } else {
        "`&self`"
    };
    match sig.inputs.first() {
        Some(FnArg::Receiver(receiver)) => {
            (self::receiver(receiver, named, fix, errors), arguments)
        }
        Some(FnArg::Typed(first)) if is_self_by_reference(&first.ty, self_ty) => {
            let arguments = sig.inputs.iter().skip(1).filter_map(typed).collect();
            errors.at(
                first,
                format_args!("{named} takes the target as an argument"),
                format_args!("write {}, which is the receiver", receiver_of(&first.ty)),
            );
            (None, arguments)
        }
        // Whether it is one, its type knows.
        Some(FnArg::Typed(first)) if handles => {
            let arguments = sig.inputs.iter().skip(1).filter_map(typed).collect();
            (Some(CalledOn::Handle(&first.ty)), arguments)
        }
        _ => {
            errors.at(
                &sig.ident,
                format_args!("{named} has no receiver"),
                format_args!("give it a first argument: {fix}"),
            );
            (None, arguments)
        }
    }
}

fn is_self_by_reference(ty: &Type, self_ty: &Type) -> bool {
    let Type::Reference(reference) = ty::bare(ty) else {
        return false;
    };
    ty::last_name(&reference.elem).as_deref() == Some("Self")
        || ty::text(&reference.elem) == ty::text(self_ty)
}

fn receiver_of(ty: &Type) -> &'static str {
    match ty::bare(ty) {
        Type::Reference(reference) if reference.mutability.is_some() => "`&mut self`",
        _ => "`&self`",
    }
}

fn receiver<'a>(
    receiver: &'a Receiver,
    named: &Named<'_>,
    fix: &str,
    errors: &mut Errors,
) -> Option<CalledOn<'a>> {
    let called_on = |mutable: bool| {
        Some(if mutable {
            CalledOn::Exclusive
        } else {
            CalledOn::Shared
        })
    };
    match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => return called_on(mutability.is_some()),
        ReceiverKind::Typed(_, ty) => {
            if let Type::Reference(reference) = ty::bare(ty)
                && ty::last_name(&reference.elem).as_deref() == Some("Self")
            {
                return called_on(reference.mutability.is_some());
            }
        }
        _ => {}
    }
    let by_value = matches!(receiver.kind, ReceiverKind::Value);
    let what = if by_value {
        format!("{named} takes `self` by value, but the target stays in the executor")
    } else {
        format!("{named} takes `self` in a form that an executor does not have")
    };
    let mut place = receiver.clone();
    place.attrs.clear();
    errors.at(place.to_token_stream(), what, format_args!("write {fix}"));
    None
}
