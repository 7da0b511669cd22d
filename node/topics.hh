// The topics of a daemon, but for those of its key map.
#pragma once

#include "membership/types.hh"
#include "node/key_file.hh"
#include "node/log.hh"
#include "node/topic.hh"

namespace gyre::node {

struct Config;
struct LocalNode;
class Reloader;

// status, members, counters, quorum; quorum.expected and quorum.votes change them; shutdown; kill
// of a node; links.reenable; reopen_logs. `writer` outlives them.
Topics make_topics(const StatusNames& names, LogWriter& writer);
// reload: on all nodes or none. `reloader`, which outlives it, tells what of this node's file
// cannot change at run time.
Topic reload_topic(const Reloader& reloader);
// keys.rotate FILE: on all nodes or none. Whoever names a file can only name one that is as private
// as a key file. `read_key`: nothing where frames are open.
Topic rotate_topic(KeyReader read_key, const Config& config, const StatusNames& names);
// groups: all groups of the cluster, with their members.
Topic groups_topic(const membership::GroupLimits& limits);
// links: what this node is reached by, whether that works, and who is reached, on each of them.
Topic links_topic(const Config& config, const LocalNode& local, const StatusNames& names);

}  // namespace gyre::node
