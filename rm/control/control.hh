// The resource manager of one node: the replicated document, and this node's part in the cluster's
// decisions. Pure: what is delivered, asked, finished or planned goes in with the time, and what is
// to be sent, begun, written and answered comes out.
//
// The document changes by what is delivered only, in one order, alike at every member. What a
// member cannot know until it has the document of the others (it is new, or comes from another
// side) begins with a greeting: everybody says what they have; whose document counts is clear to
// all; what is delivered meanwhile is put off until everybody has it. Source: virtual synchrony
// with state transfer (Birman and Joseph 1987), as DESIGN has it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rm/bus.hh"
#include "rm/cib/document.hh"
#include "rm/control/greeting.hh"
#include "rm/control/lineage.hh"
#include "rm/control/messages.hh"
#include "rm/control/snapshot.hh"
#include "rm/control/transition.hh"
#include "rm/operation.hh"

namespace gyre::rm::control {

struct Fenced;

struct Settings {
  std::uint32_t node = 0;
  std::string name;      // uname -n
  std::string software;  // what it is, and of which version
  std::string executor;  // never the same again, once what it ran may be gone
  // What the executor knows from an earlier life of this process, by key.
  std::set<std::string> known = {};
  // And what of that moves something to another node, and has not come to an end.
  std::set<std::string> moving = {};
};

// What is to be done outside.
struct Output {
  struct Begun {
    Operation operation;
    bool needs_quorum = true;  // ask for the lease right before
  };
  // To who asked under this number.
  struct Answer {
    std::uint64_t request = 0;
    std::string refused;   // empty: it is so
    bool stale = false;    // refused, for somebody changed it in between
    bool at_risk = false;  // it is so here; too few have it, and it may yet be dropped
  };
  // The configuration, to be kept on disk; one that lost against another side's goes beside it.
  struct Write {
    std::string configuration, lineage;
    Version version;
    bool lost = false;
  };

  std::vector<std::string> sends;    // safe, to the group
  std::vector<std::string> cancels;  // recurring operations, by key: before what is begun
  std::vector<Begun> begun;
  std::vector<std::string> acknowledged;  // outcomes, by key: they are in the document
  std::vector<Answer> answers;
  std::vector<Write> writes;
  std::vector<std::string> notices;  // for the log
  bool plan_wanted = false;          // make_plan(cib(), now), and then planned()
  bool leave = false;                // this node was asked to go, and nothing runs here any more
  std::string fatal;                 // this node cannot stay: why
};

class Control {
 public:
  // A document from disk, or the default one; and where its configuration was last changed.
  Control(Settings, Document, std::string lineage);

  void handle(const BusEvent&, std::int64_t now);
  // Of an operation that was begun here, or runs from an earlier life.
  void finished(const Outcome&);
  // What a program of this node asks; its number. The answer comes when it is so.
  std::uint64_t ask(Message);
  // The disk has what it was to write, of that lineage and version.
  void kept(std::string_view lineage, const Version&);
  // What make_plan() said, of the document as it was when the plan was wanted.
  void planned(std::string_view graph, std::int64_t now);
  // Time has passed: what was waited for until deadline() is waited for no more.
  void expire(std::int64_t now);
  std::optional<std::int64_t> deadline() const noexcept;
  // Time has passed that could change what is to be done.
  void look_again();

  pugi::xml_node cib() const { return document_.cib(); }
  const Document& document() const noexcept { return document_; }
  const BusView& view() const noexcept { return view_; }
  // What stands in the document is what all members have.
  bool settled() const noexcept { return phase_ == Phase::settled; }
  bool coordinates() const noexcept { return settled() && coordinator_ == settings_.node; }
  std::uint32_t coordinator() const noexcept { return coordinator_; }

  // What has come together since it was last taken.
  Output take_output() { return std::exchange(output_, {}); }

 private:
  enum class Phase : std::uint8_t { alone, greeting, catching_up, settled, diverged };
  struct Delivered {
    BusMember sender;
    Place place;
    Envelope envelope;
  };
  // What is ours and was not applied yet.
  struct Own {
    Message message;
    bool in_order = false;  // it is sent, and was not put off in vain
  };

  // control.cc: the phases.
  void enter(const BusView&, std::int64_t now);
  void greet(std::int64_t now);
  void deliver(Delivered, std::int64_t now);
  void take(const Piece&, const BusMember& sender, std::int64_t now);
  void catch_up(const Piece&, std::int64_t now);
  void decide(std::int64_t now);
  void begin_pieces(std::string_view document);
  void send_pieces();
  bool load(std::string_view text);
  void settle(std::int64_t now);
  void settle_members(std::int64_t now);
  bool is_firm() const;
  bool gives_way_with_loss() const;
  void give_up_what_was_lost();
  void end_what_nobody_knows();
  void tell_own_history(bool was_away);
  void send(std::uint64_t serial, const Message&);
  void send_own();
  bool is_own(const Delivered&) const;
  void changed_configuration(std::string where);
  void write(bool lost = false);
  std::string own_state() const;

  // apply.cc: what is delivered, done to the document.
  void apply(const Delivered&, std::int64_t now);
  void apply(const Hello&, const Delivered&, std::int64_t) {}
  void apply(const Piece&, const Delivered&, std::int64_t) {}
  void apply(const OwnHistory&, const Delivered&, std::int64_t now);
  void apply(const Configure&, const Delivered&, std::int64_t now);
  void apply(const AttributeChange&, const Delivered&, std::int64_t now);
  void apply(const Cleanup&, const Delivered&, std::int64_t now);
  void apply(const Confirm&, const Delivered&, std::int64_t now);
  void apply(const Begin&, const Delivered&, std::int64_t now);
  void apply(const Result&, const Delivered&, std::int64_t now);
  void apply(const Kept&, const Delivered&, std::int64_t now);
  void apply(const Compare&, const Delivered&, std::int64_t now);
  void diverge(const Compare& expected);
  void find_difference(const Piece&);
  void begin_anew(std::string_view where);
  void apply(const NotFenced&, const Delivered&, std::int64_t now);
  void apply(const Taken&, const Delivered&, std::int64_t now);
  void apply_request(const auto& request, const Delivered&);
  void sign(const Configure&, std::uint32_t node);
  bool holds(const Begin&, const BusMember& sender) const;
  bool apply_to_fencing(const Result&, const Delivered&, std::int64_t now);
  void speak_if_hit(const Fenced&);
  void record_operation(const Begin&);
  void record_fencing(const Begin&, const BusMember& sender);
  void begin_here(const Begin&, std::int64_t now);
  void begin_none_of_asked();
  void answer(const Delivered&, std::string refused = {}, bool stale = false);
  void answer_kept();
  void drop_kept();

  // coordinate.cc: what only the coordinator does.
  void changed();
  void want_plan();
  void abort_transition();
  void fire(std::int64_t now);
  void fire(pugi::xml_node action, std::int64_t now);
  bool fire_by_message(pugi::xml_node action);
  void came_about(const Begin&, bool valid);
  void came_about(std::string_view key, bool as_planned, std::int64_t now);
  void send_begin(Begin, std::int64_t now);
  std::string transition_key(pugi::xml_node action) const;

  // fence.cc: what the coordinator does about nodes that are to be fenced.
  void fence(pugi::xml_node action, std::int64_t now);
  void give_up(const std::string& target, const std::string& action, std::int64_t now);
  void give_up_overdue(std::int64_t now);
  void forget_fencings(std::int64_t now);
  void was_fenced(const std::string& target, std::int64_t now);

  Settings settings_;
  Document document_;
  Lineage lineage_;
  Output output_;

  Phase phase_ = Phase::alone;
  BusView view_;
  bool regular_ = false;       // not between two views
  bool live_ = false;          // the status is of this life
  bool told_ = false;          // and says what runs on this node
  bool quorate_ = false;       // when it was last settled
  bool was_quorate_ = false;   // in the ring before this one
  bool changed_here_ = false;  // the configuration, since the last view
  std::optional<std::int64_t> deadline_;
  BusMember self_;
  std::uint32_t coordinator_ = 0;
  Greeting greeting_;
  std::deque<Delivered> put_off_;
  std::vector<std::string> pieces_;  // to send, if ours is the document
  std::size_t pieces_sent_ = 0;
  Assembly assembly_;
  std::string own_history_;  // of this node, as it is known here, until all know it
  // What recurs here, by key; and what an earlier life of this process left, until all know it.
  std::set<std::string> recurring_;
  // What runs here was told and is not in the order yet: whether this node was away before.
  std::optional<bool> telling_;

  std::uint64_t serial_ = 0;
  std::map<std::uint64_t, Own> own_;
  struct Asked {
    Output::Begun begun;
    std::int64_t since = 0;
  };
  std::map<std::string, Asked>
      asked_;  // steps of fencings, until it is in the order that we are at it
  struct Compared {
    std::string text, digest;  // of the document where they were last to be taken
  } compared_;
  std::string expected_;                         // the coordinator's digest of it, if it is another
  std::map<std::uint32_t, Version> kept_;        // by node
  std::map<std::uint64_t, Version> to_be_kept_;  // own requests, answered once all have it

  // Of the coordinator.
  Transition transition_;
  bool in_transition_ = false;
  bool planning_ = false;  // a plan is being made
  bool changed_ = false;   // what is planned, or being planned, is of an older document
  std::uint64_t transitions_ = 0;
  std::set<std::string> begins_sent_;     // and not delivered yet: no plan knows of them
  std::map<std::string, int> fencings_;   // of the transition: its action, by who is to be fenced
  std::optional<std::int64_t> next_try_;  // of a fencing that failed, or is overdue
};

// A document as it is where there never was one.
Document default_document();

}  // namespace gyre::rm::control
