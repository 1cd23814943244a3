//! The password of a backup whose command gives none.

use std::io::{self, IsTerminal};

use subtle::ConstantTimeEq;

use crate::cli::{SecretError, SecretFault, prompt_secret};
use crate::cluster::BackupPassword;

use super::super::interrupt::Interrupt;
use super::super::options::BACKUP_PASSWORD;
use super::super::outcome::{Failure, PasswordFault};
use super::super::{Mode, Shell};

impl Shell {
    /// The password of the options, else of the user, for a command that gives none.
    pub(super) fn own_password(&mut self, command: String) -> Result<BackupPassword, Failure> {
        let given = match self.is_last_command {
            true => self.settings.backup_password.take(),
            false => self.settings.backup_password.clone(),
        };
        let password = match given {
            Some(password) => BackupPassword::new(password).map_err(PasswordFault::Broken),
            None => self.typed_password()?,
        };
        password.map_err(|fault| Failure::BackupPassword { command, fault })
    }

    /// The outer error: the user gave up. The inner one: no password, or none that can be used.
    fn typed_password(&self) -> Result<Result<BackupPassword, PasswordFault>, Failure> {
        // A terminal that nobody looks at must not hold up a script.
        if !io::stdin().is_terminal() && !io::stderr().is_terminal() {
            return Ok(Err(PasswordFault::Needed));
        }
        // The terminal is to gather the line, and to show nothing of it.
        self.output.end_line(false);
        // Typing Ctrl-C must not end the program before the terminal echoes again.
        let _ = Interrupt::end_command();
        let typed = type_twice();
        self.output.end_line(self.mode == Mode::Terminal);
        Ok(match typed {
            Ok(typed) => typed,
            Err(error) if error.is_given_up() => {
                if error.fault == SecretFault::NoEnd {
                    self.output.end_typed_line();
                }
                return Err(Failure::NoPasswordTyped);
            }
            Err(error) => Err(match error.fault {
                SecretFault::TerminalFailed(_) => PasswordFault::Needed,
                _ => PasswordFault::Unreadable(error.to_string()),
            }),
        })
    }
}

/// Asks for a password, and for the same once more if it keeps the rules.
fn type_twice() -> Result<Result<BackupPassword, PasswordFault>, SecretError> {
    let first = prompt_secret(BACKUP_PASSWORD, "Enter backup password: ")?;
    let first = match BackupPassword::new(first) {
        Ok(first) => first,
        Err(fault) => return Ok(Err(PasswordFault::Broken(fault))),
    };
    let again = prompt_secret(BACKUP_PASSWORD, "Enter backup password again: ")?;
    Ok(match bool::from(first.expose().ct_eq(&again)) {
        true => Ok(first),
        false => Err(PasswordFault::Differs),
    })
}
