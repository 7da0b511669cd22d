// What the members of the group say to each other: an object of JSON, and bytes behind it where
// there are any. Who sent it, and where it stands in the order, the bus says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "rm/bus.hh"
#include "rm/cib/document.hh"
#include "rm/cib/requests.hh"
#include "rm/operation.hh"

namespace gyre::rm::control {

// The view that a message was sent in and is good for; in another it says nothing any more.
std::string to_text(const Place&);

// What a member has, when the group has grown.
struct Hello {
  std::string view;
  std::string name;      // uname -n
  std::string software;  // what it is, and of which version
  std::string executor;  // never the same again, once what it ran may be gone
  std::string lineage;   // of the configuration
  Version version;
  std::string digest;    // of the whole document
  bool quorate = false;  // when it was last part of a view
  bool live = false;     // its status is of this life, not only its configuration from disk
  std::uint64_t feature_set = 1;
};

// A document on its way, compressed.
struct Piece {
  std::string view;
  std::uint64_t number = 0, of = 0;
  std::string_view bytes;
};

// What a member knows of its own node, once it has the others' document.
struct OwnHistory {
  enum class What {
    nothing,
    kept,
    told,
    alive  // no history: it speaks still, behind a fencing of its node that was of an earlier life
  };

  std::string view;
  std::string executor;
  What what = What::nothing;
  std::string state;  // told: its <node_state>
};

// Asked for by a program of the sender's node.
struct Configure {
  std::string user, client;
  std::string written;     // when, as people write it
  std::string difference;  // <diff>
};
// A person says that a node is surely down.
struct Confirm {
  std::string node;
  std::int64_t now = 0;
};

struct Begin {
  std::string view;
  std::string epoch;  // of the configuration that it was planned by
  std::string node;
  Operation operation;  // task "cancel": its recurring one is not to come again
  std::string cancelled_task;
  bool needs_quorum = true;
  std::int64_t now = 0;
  // Of a step of a fencing, which the operation's target tells.
  std::string fencing;     // the whole: off, reboot or on
  std::int64_t level = 0;  // of the topology; 0: there is none for the target
  bool completes = false;  // with this step's success the whole has succeeded
};
// Who is to carry out a step of a fencing says so, and begins it behind this: whoever hung
// meanwhile does not begin what has been given up.
struct Taken {
  std::string view;
  std::string key;  // the operation's
};
// No way to fence a node is left, or it is not to be fenced any more.
struct NotFenced {
  std::string view;
  std::string target, fencing;
  std::string why;
  std::string epoch;  // of the configuration that left none: with another it is tried at once
  std::int64_t now = 0;
  std::int64_t again = 0;  // when it is tried again; 0: only if it is to be fenced again
};
struct Result {
  std::string node;
  Outcome outcome;
};
// Its disk has the configuration of this version.
struct Kept {
  std::string lineage;
  std::int64_t admin_epoch = 0, epoch = 0;
};

// Whether all have the same: without a digest, everybody takes that of the document as it is here
// in the order; with one, it is the coordinator's of then, or of who had another one there and is
// to be shown, in pieces, what the coordinator had.
struct Compare {
  std::string view;
  std::string digest;
};

using Message = std::variant<Hello, Piece, OwnHistory, Configure, AttributeChange, Cleanup, Confirm,
                             Begin, Result, Kept, Compare, NotFenced, Taken>;

// By its serial, a sender knows its own again.
struct Envelope {
  std::uint64_t serial = 0;
  Message message;
};
std::string encode(std::uint64_t serial, const Message&);
// Nothing: it is none. The bytes of a piece are the payload's.
std::optional<Envelope> decode(std::string_view payload);

}  // namespace gyre::rm::control
