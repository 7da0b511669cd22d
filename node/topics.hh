// The topics of a daemon.
#pragma once

#include "node/topic.hh"

namespace gyre::node {

Topics make_topics(const StatusNames& names);

}  // namespace gyre::node
