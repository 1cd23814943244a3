//! The NDBXFRM1 and AZ31 containers.
