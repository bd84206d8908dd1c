//! From the list of settings to flags and to layers that can be laid over each other.

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

use super::environment;
use super::list::{Layer, SWITCHES, Settings};

/// Declares [`Layer`], where each setting may be absent, and [`Settings`], where each has its value.
///
/// `optional` settings have no default, `values` have one, and `switches` are turned on and off by `--name` and
/// `--no-name`. Documentation comments are the help texts; other attributes go to [`Layer`]'s field.
macro_rules! settings {
    (
        optional { $( $(#[doc = $odoc:literal])+ #[arg($($oarg:tt)*)] $oname:ident: $otype:ty, )* }
        values { $( $(#[doc = $vdoc:literal])+ #[arg($($varg:tt)*)] $vname:ident: $vtype:ty = $vdefault:expr, )* }
        switches { $( $(#[doc = $sdoc:literal])+ #[arg($($sarg:tt)*)] $sname:ident = $sdefault:literal, )* }
    ) => {
        /// The settings that one source (the flags, the environment or the file) gives.
        #[derive(Debug, Clone, Default, PartialEq, clap::Args, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct Layer {
            $( $(#[doc = $odoc])+ #[arg(long, $($oarg)*)] pub(crate) $oname: Option<$otype>, )*
            $( $(#[doc = $vdoc])+ #[arg(long, $($varg)*)] pub(crate) $vname: Option<$vtype>, )*
            $(
                $(#[doc = $sdoc])+
                #[arg(
                    long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
                    value_name = "BOOL", overrides_with = concat!("no_", stringify!($sname)), $($sarg)*
                )]
                pub(crate) $sname: Option<bool>,
            )*
        }

        /// All settings.
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        pub(crate) struct Settings {
            $( $(#[doc = $odoc])+ #[serde(skip_serializing_if = "Option::is_none")] pub(crate) $oname: Option<$otype>, )*
            $( $(#[doc = $vdoc])+ pub(crate) $vname: $vtype, )*
            $( $(#[doc = $sdoc])+ pub(crate) $sname: bool, )*
        }

        /// The names of the settings that can be turned on and off.
        pub(super) const SWITCHES: &[&str] = &[$( stringify!($sname) ),*];

        impl Settings {
            /// The names of all settings.
            pub(super) const NAMES: &[&str] =
                &[$( stringify!($oname), )* $( unraw(stringify!($vname)), )* $( stringify!($sname) ),*];
        }

        impl Layer {
            /// What this layer gives, and `lower` where it gives nothing.
            #[must_use]
            pub(crate) fn or(self, lower: Self) -> Self {
                Self {
                    $( $oname: self.$oname.or(lower.$oname), )*
                    $( $vname: self.$vname.or(lower.$vname), )*
                    $( $sname: self.$sname.or(lower.$sname), )*
                }
            }

            /// What this layer gives, and the defaults where it gives nothing.
            pub(crate) fn settle(self) -> Settings {
                Settings {
                    $( $oname: self.$oname, )*
                    $( $vname: self.$vname.unwrap_or_else(|| $vdefault), )*
                    $( $sname: self.$sname.unwrap_or($sdefault), )*
                }
            }

            /// Applies the `--no-…` flags.
            pub(super) fn turn_off(&mut self, flags: &clap::ArgMatches) {
                $( if flags.get_flag(concat!("no_", stringify!($sname))) { self.$sname = Some(false); } )*
            }
        }
    };
}

pub(super) use settings;

/// The name of a field that is a keyword of Rust.
pub(super) const fn unraw(name: &'static str) -> &'static str {
    let [b'r', b'#', rest @ ..] = name.as_bytes() else {
        return name;
    };
    match std::str::from_utf8(rest) {
        Ok(rest) => rest,
        Err(_) => name,
    }
}

/// Adds the `--no-…` flags to a command that holds [`Layer`]'s, and default and variable to each one's help.
pub(crate) fn document(command: Command) -> Command {
    let defaults = serde_json::to_value(Layer::default().settle()).unwrap_or_default();
    let command = command.mut_args(|argument| describe(argument, &defaults));
    SWITCHES.iter().fold(command, |command, name| {
        command.arg(
            Arg::new(format!("no_{name}"))
                .long(format!("no-{}", name.replace('_', "-")))
                .overrides_with(*name)
                .action(ArgAction::SetTrue)
                .hide(true),
        )
    })
}

fn describe(argument: Arg, defaults: &serde_json::Value) -> Arg {
    let name = argument.get_id().to_string();
    let known = Settings::NAMES.contains(&name.as_str());
    let Some(help) = argument.get_help().map(ToString::to_string).filter(|_| known) else {
        return argument;
    };
    let default = match defaults.get(&name) {
        Some(serde_json::Value::Bool(true)) => format!(" (on; --no-{} turns it off)", name.replace('_', "-")),
        Some(serde_json::Value::String(text)) if text.is_empty() => String::new(),
        Some(serde_json::Value::String(text)) => format!(" [default: {text}]"),
        Some(serde_json::Value::Bool(false)) | None => String::new(),
        Some(value) => format!(" [default: {value}]"),
    };
    argument.help(format!("{help}{default} [env: {}]", environment::variable(&name)))
}

/// Reads the flags of a command made by [`document`].
pub(crate) fn read_flags(flags: &ArgMatches) -> Result<Layer, clap::Error> {
    let mut layer = Layer::from_arg_matches(flags)?;
    layer.turn_off(flags);
    Ok(layer)
}
