//! The backup files of a data node: readers, writers, printer.
