// What the scheduler thinks with: the cluster as unpacked from its document, and the plan that
// grows on it. One Cluster serves one plan; every reference in it points into itself or into the
// document, which must outlive it. Resources, nodes and actions never move.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <pugixml.hpp>

#include "rm/cib/attributes.hh"
#include "rm/cib/id_index.hh"
#include "rm/cib/values.hh"

namespace gyre::rm::schedule {

// Ascending: a resource that is promoted is also started.
enum class Role : std::uint8_t { unknown, stopped, started, unpromoted, promoted };
// "Started", "Master" or "Promoted" and so on; unknown if it is none.
Role parse_role(std::string_view) noexcept;
const char* name_of(Role) noexcept;

enum class Kind : std::uint8_t { primitive, group, clone };
enum class NoQuorum : std::uint8_t { freeze, stop, ignore, suicide, demote };
enum class MultipleActive : std::uint8_t { stop_start, stop_only, block, stop_unexpected };
enum class Discovery : std::uint8_t { always, never, exclusive };
// What a failure leads to, by ascending severity: of several the worst counts.
enum class OnFail : std::uint8_t {
  ignore,
  demote,
  restart,
  restart_container,
  reset_remote,
  ban,
  block,
  stop,
  standby,
  fence
};

// More instances of a clone are not made, unless there are more nodes.
inline constexpr int instances_max = 1000;

struct Resource;
struct Action;

struct Node {
  std::string_view id, name;
  std::size_t index = 0;  // in Cluster::nodes
  bool member = true;     // not a ping node
  bool online = false, unclean = false, standby = false, standby_on_fail = false;
  bool maintenance = false, pending = false, shutdown = false, is_dc = false;
  bool away = false;  // it runs on without its resource manager: nothing can be done there
  bool seen = false;  // it has a state in the status section
  bool expected_up = false;
  bool remote = false;             // no member: it is reached by its connection
  Resource* connection = nullptr;  // null: it is configured no more
  bool needs_reset = false;        // what runs there is out of reach
  bool was_fenced = false;         // and did not come back since
  Score health;
  std::string fence_reason;        // of `unclean`, empty if nobody gave one
  Attributes attributes;           // permanent and transient ones, and #uname, #id …
  std::vector<Resource*> running;  // primitives
  int assigned = 0;                // how many resources the plan puts here
  Action* fencing = nullptr;
  Action* unfencing = nullptr;
  Action* shut_down = nullptr;
};

// A resource on a node, as far as scores go.
struct Weight {
  Score score = {};
  bool present = false;  // an opt-in cluster has only those that some constraint names
  Discovery discovery = Discovery::always;
  int instances = 0;  // of a clone, while its instances are assigned
};
using Weights = std::vector<Weight>;  // by Node::index

struct Colocation;
struct Location;

// A configured operation, with defaults applied.
struct Operation {
  pugi::xml_node xml = {};
  std::string_view name = {};
  std::int64_t interval_ms = 0;
  Role role = Role::unknown;  // as written
  bool enabled = true;
};

struct Ticket {
  std::string_view id;
  bool granted = false, standby = false;
  Attributes state;
};
// What a resource needs a ticket for, and what happens when it is lost.
struct Demand {
  Ticket* ticket;
  Role role;
  std::string_view loss;  // stop, demote, fence, freeze
};

// A recurring operation that runs, as the status section says.
struct Recurring {
  Node* node;
  std::string_view task;
  std::int64_t interval_ms;
  pugi::xml_node record;
  bool expired = false;  // its failure is forgotten: it begins anew
};

// A resource's record on a node: all of its operations there.
struct ResourceRecord {
  Node* node;
  pugi::xml_node xml;
  bool of_other_agent = false;  // than is configured today
};

struct Resource {
  Resource() = default;
  Resource(const Resource&) = delete;
  Resource& operator=(const Resource&) = delete;

  std::string id;            // of an instance with its number: "d:1"
  std::string history_name;  // as the status section calls it, while it is an anonymous instance
  pugi::xml_node xml;        // its element; an instance shares that of its template
  Kind kind = Kind::primitive;
  std::size_t index = 0;  // in Cluster::resources: order of configuration, parents first
  Resource* parent = nullptr;
  std::vector<Resource*> children;
  Resource* container = nullptr;  // what it is inside of
  Resource* guest = nullptr;      // the connection of the guest whose container it is
  Attributes meta;
  std::string_view standard, provider, type;
  std::vector<Operation> operations;

  // Its options.
  int priority = 0, stickiness = 0;
  int migration_threshold = Score::infinity_value;
  std::int64_t failure_timeout_s = 0;
  MultipleActive multiple_active = MultipleActive::stop_start;
  Role target_role = Role::unknown;
  bool managed = true, maintenance = false, critical = true;
  bool allow_migrate = false;
  bool is_remote = false;         // the connection of a remote node
  bool reconnects_later = false;  // if that fails, only once the failure is forgotten
  bool needs_quorum = true, needs_fencing = false, needs_unfencing = false;
  bool is_fence_device = false;
  bool provisional = true;  // not assigned yet

  // Of a clone.
  int clone_max = 0, clone_node_max = 1, clone_min = 0, promoted_max = 0, promoted_node_max = 0;
  // Of a group: its members run in order, and together.
  bool members_ordered = true, members_together = true;
  bool promotable = false, unique = false, ordered = false, interleave = false, notify = false;

  // What is.
  Role role = Role::stopped;
  std::vector<Node*> running_on;        // of a collection: wherever any of it runs
  std::vector<Node*> dangling_on;       // a migration's source that was not stopped
  std::vector<bool> known_on;           // by node: its state there is known
  std::vector<ResourceRecord> history;  // by node
  std::vector<Recurring> recurring;
  Node* demote_wanted = nullptr;   // a failure wants it demoted there, and no more
  std::vector<Node*> stop_wanted;  // where it must be stopped, whatever else holds
  bool orphan = false;             // in the history only
  bool failed = false, failure_ignored = false, blocked = false;
  bool must_stop = false;  // a failure wants it stopped first
  bool start_pending = false, stop_unexpected = false;
  bool stop_pending = false;  // it is being stopped: nothing may go by its being there
  bool definition_changed = false;
  Node* migration_source = nullptr;  // one that is half done
  Node* migration_target = nullptr;
  std::string_view pending_task;  // in flight, for who shows it
  Node* pending_node = nullptr;

  // What shall be.
  Weights weights;
  Role next_role = Role::unknown;
  Node* assigned_to = nullptr;
  Score promotion_score{-1};
  bool exclusive_discovery = false;
  bool assigning = false, merging = false;
  std::vector<Colocation*> colocations;     // it is the dependent of
  std::vector<Colocation*> colocated_here;  // it is the primary of
  std::vector<Location*> locations;
  std::vector<Demand> demands;
  std::vector<Action*> actions;

  Resource* topmost() noexcept {
    Resource* r = this;
    while (r->parent) r = r->parent;
    return r;
  }
  const Resource* topmost() const noexcept { return const_cast<Resource*>(this)->topmost(); }
  bool is(Kind k) const noexcept { return kind == k; }
  bool is_instance() const noexcept { return parent && parent->kind == Kind::clone; }
  // Inside a clone, directly or through a group.
  bool in_clone() const noexcept {
    for (const Resource* r = parent; r; r = r->parent)
      if (r->kind == Kind::clone) return true;
    return false;
  }
};

// score: of `dependent` for wherever `primary` is.
struct Colocation {
  std::string_view id = {};
  Resource* dependent = nullptr;
  Resource* primary = nullptr;
  Role dependent_role = Role::unknown, primary_role = Role::unknown;
  Score score = {};
  std::string_view node_attribute = {};  // #uname unless written
  bool influence = true;
};

// A failure that is forgotten: it ran out, or was of other parameters.
struct Forgotten {
  Resource* resource;
  Node* node;
  std::string_view reason;
};

// A result in the history that counts as a failure.
struct Failure {
  Resource* resource;
  Node* node;
  pugi::xml_node record;
  std::string_view key = {};
  bool degraded = false;  // it works, but not well: that counts for who shows it alone
};

struct Location {
  std::string_view id;
  std::string_view written;  // the id of what says so, itself or a rule; empty: nobody wrote it
  Resource* resource = nullptr;
  Role role = Role::unknown;
  Discovery discovery = Discovery::always;
  std::vector<std::pair<Node*, Score>> nodes;
};

// What an ordering means beyond "if both happen, first comes first".
struct Order {
  enum Flag : std::uint32_t {
    none = 0,
    optional = 1 << 0,                    // only if both happen
    first_implies_then = 1 << 1,          // if first happens, so must then
    then_implies_first = 1 << 2,          // if then happens, so must first
    runnable_left = 1 << 3,               // then is impossible unless first is possible
    promoted_implies_first = 1 << 4,      // then, where it is of who is promoted, implies first
    first_implies_then_printed = 1 << 5,  // then is in the graph if first is
    then_implies_first_printed = 1 << 6,
    pseudo_left = 1 << 7,     // then is only done if first is a real one
    restart = 1 << 8,         // then must happen again if first is
    serialize_only = 1 << 9,  // never at the same time, in whatever order
    same_node = 1 << 10,      // counts only where both are on one node
    one_or_more = 1 << 11,    // then needs at least one of its firsts
    probe = 1 << 12,
    asymmetric = 1 << 13,
    unless_first_migrates = 1 << 14,
    implies_migratable = 1 << 15,
    preserve = 1 << 16,  // never left out of the graph for being redundant
    anti_colocation = 1 << 17,
    then_cancels_first = 1 << 18,  // if then must happen, first need not
  };
};

// "first's first_task before then's then_task", or between given actions. Collected before it is
// known which of it will be done.
struct Ordering {
  Resource* first = nullptr;
  std::string_view first_task = {};
  Action* first_action = nullptr;
  Resource* then = nullptr;
  std::string_view then_task = {};
  Action* then_action = nullptr;
  std::uint32_t flags = 0;
};

struct Edge {
  Action* action;
  std::uint32_t flags;
  bool done = false;  // it has been looked at since it last changed
};

struct Action {
  int id = 0;
  std::string_view task;  // start, stop, monitor, stonith, …
  std::string key;        // d:1_monitor_10000
  std::int64_t interval_ms = 0;
  Resource* resource = nullptr;
  Node* node = nullptr;
  const Operation* operation = nullptr;  // what is configured of it
  bool optional = true, runnable = true, pseudo = false;
  bool print_always = false, dangling = false;
  bool migrates = false;   // it may be replaced by a migration
  bool needs_any = false;  // of what comes first, not all
  int required_runnable_before = 0, runnable_before = 0;
  int target_rc = -1;  // what the agent is expected to say; -1: that it went well
  std::string_view cancelled_task;
  std::string reason;                                               // why it must happen, or cannot
  std::vector<std::pair<std::string_view, std::string_view>> meta;  // attributes in the graph
  std::vector<Edge> before;                                         // what comes first
  std::vector<Edge> after;                                          // what waits for it
};

struct Options {
  Attributes all;  // as written
  bool symmetric = true, fencing = true, startup_fencing = true, concurrent_fencing = false;
  bool stop_all = false, stop_orphans = true, stop_orphan_actions = true, probes = true;
  bool maintenance = false, remove_after_stop = false, start_failure_is_fatal = true;
  bool have_fence_device = false, unfencing = false;
  bool sanitized = false;  // the document was made fit to be shown, secrets overwritten
  NoQuorum no_quorum = NoQuorum::stop;
  std::string_view fence_action = "reboot";
};

// An operation that was begun and whose result is not here yet. Without a resource: a node's
// fencing.
struct InFlight {
  std::string_view resource = {}, node = {}, task = {};
  std::int64_t interval_ms = 0;
};

struct Cluster {
  Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  pugi::xml_node cib;
  pugi::xml_document guest_connections;  // which nobody configured
  std::unique_ptr<IdIndex> ids;
  std::int64_t now = 0;  // seconds since the epoch
  Options options;
  bool quorate = false;
  Node* dc = nullptr;
  std::deque<Node> nodes;          // by name
  std::deque<Resource> resources;  // all of them, however deep
  std::vector<Resource*> top;      // in order of configuration, then orphans
  std::unordered_map<std::string_view, Resource*> by_id;
  // By a node attribute: for each node the first one whose value of it is the same.
  std::map<std::string_view, std::vector<std::size_t>> firsts_alike;
  std::map<std::string_view, Ticket> tickets;
  std::map<std::string_view, std::vector<std::string_view>> tags;
  std::deque<Colocation> colocations;
  std::deque<Location> locations;
  std::deque<Action> actions;
  std::deque<Ordering> orderings;  // the most of all
  std::vector<Failure> failures;
  std::vector<Forgotten> forgotten;
  std::vector<InFlight> in_flight;
  std::vector<std::string> warnings;
  std::deque<std::string> strings;  // what views point to that the document does not hold

  std::string_view keep(std::string text) { return strings.emplace_back(std::move(text)); }
  Node* node_by_id(std::string_view) noexcept;
  Node* node_by_name(std::string_view) noexcept;
  Resource* resource(std::string_view id) noexcept {
    const auto found = by_id.find(id);
    return found == by_id.end() ? nullptr : found->second;
  }
};

}  // namespace gyre::rm::schedule
