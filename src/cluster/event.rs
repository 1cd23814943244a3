//! Events of the cluster.
