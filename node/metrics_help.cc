#include "node/metrics.hh"

namespace gyre::node {
namespace {

constexpr CounterHelp helps[] = {
    {"node", "turns", "Rounds of the data plane."},
    {"node", "dropped_unlisted", "Frames of nodes that the nodelist does not have."},
    {"node", "dropped_peers_full", "Frames of more nodes than a cluster can have."},
    {"node", "dropped_namesake", "Frames that claim to be a member's and come from elsewhere."},
    {"node", "gathers", "How often the membership was agreed on anew."},
    {"node", "gathers_in_a_row", "Gatherings since a ring came into operation.", true},
    {"node", "commits", "How often an agreement went round."},
    {"node", "recoveries", "How often messages of the ring before were exchanged."},
    {"node", "operationals", "Rings that came into operation here."},
    {"node", "tokens_lost_in_commit", "Agreements that did not come back."},
    {"node", "tokens_lost_in_recovery", "Tokens lost while messages were exchanged."},

    {"link", "faulty", "1 while the link is at fault, else 0.", true},
    {"link", "sent", "Frames sent over the link."},
    {"link", "received", "Frames received over the link."},
    {"link", "sent_bytes", "Of those sent."},
    {"link", "received_bytes", "Of those received."},
    {"link", "skipped", "Frames that the link went without, as it took none."},
    {"link", "probes_sent", "Probes of the link."},
    {"link", "probes_refused", "Probes that no node of the cluster made for this link."},

    {"clients", "requests", "What programs asked for: joins, leaves and messages."},
    {"clients", "events", "What programs were told."},
    {"clients", "opened", "Programs that connected."},
    {"clients", "cut_off", "Programs that did not take their events, or wrote nonsense."},

    {"ring", "tokens_received", "Tokens that came in their turn."},
    {"ring", "tokens_sent", "Tokens passed on."},
    {"ring", "tokens_retransmitted", "Tokens passed on again, because nothing came of them."},
    {"ring", "token_duplicates", "Tokens that had come before."},
    {"ring", "tokens_foreign", "Tokens of other rings."},
    {"ring", "data_received", "Data frames of the ring that were new here."},
    {"ring", "data_sent", "Data frames given a place in the order here."},
    {"ring", "data_duplicates", "Data frames that had come before."},
    {"ring", "data_foreign", "Data frames of other rings."},
    {"ring", "data_outside_window", "Data frames further ahead than there is room for."},
    {"ring", "data_stale", "Data frames that everyone has already."},
    {"ring", "retransmits_requested", "Missing data frames that this node asked for."},
    {"ring", "retransmits_sent", "Data frames sent again because someone asked."},
    {"ring", "recovered_sent", "Data frames of the ring before, sent in the next one."},
    {"ring", "messages_delivered", "Messages in their place in the order."},
    {"ring", "joins_received", "Joins of other nodes."},
    {"ring", "joins_sent", "Joins sent."},
    {"ring", "joins_stale", "Joins that were out of date."},
    {"ring", "joins_paused", "Joins that came while this node did not run."},
    {"ring", "joins_held_down", "Joins of nodes that come and go too often."},
    {"ring", "joins_frame_size", "Joins of nodes with frames of another size."},
    {"ring", "joins_ring_seq", "Joins with a ring seq too far ahead."},
    {"ring", "joins_deaf", "Joins of nodes that do not hear us."},
    {"ring", "joins_divisive", "Joins of nodes that would part the members."},
    {"ring", "commit_tokens_received", "Commit tokens received."},
    {"ring", "commit_tokens_sent", "Commit tokens sent."},
    {"ring", "commit_tokens_refused", "Commit tokens of an agreement that is not ours."},
    {"ring", "merge_detects_received", "Signs of life of other rings."},
    {"ring", "merge_detects_sent", "Signs of life for other rings."},
    {"ring", "hold_cancels_received", "Requests to let a held token go."},
    {"ring", "hold_cancels_sent", "Requests to let the holder send the token."},
    {"ring", "holds", "How often the idle token was held here."},
    {"ring", "hand_offs", "Held tokens that went straight to who asked for them."},
    {"ring", "lingers", "Visits kept open for the next message of a lone sender."},
    {"ring", "malformed", "Frames that could not be read."},
    {"ring", "malformed_items", "Messages within a frame that could not be read."},
    {"ring", "no_frames", "How often no memory was left for a frame."},
    {"ring", "gathers", "How often the membership was agreed on anew."},
    {"ring", "rings_installed", "Rings that came into operation here."},
    {"ring", "token_losses", "Tokens lost in operation."},
    {"ring", "pauses", "How often this node did not run for half of the token's timeout."},
    {"ring", "rotations", "Visits of the token in operation."},

    {"groups", "count", "Groups that somebody is in.", true},
    {"groups", "malformed", "Messages for groups that could not be read."},
    {"groups", "unknown_group", "Messages for groups that nobody is in."},
    {"groups", "not_a_member", "Messages of programs that are not in the group."},
    {"groups", "refused", "Joins, and memberships after a merge, that found no room."},
    {"groups", "unknown_sender", "Messages of nodes that are not in the view."},
    {"groups", "early", "Messages that came before every member's list of groups."},
    {"groups", "stale_barrier", "Lists of groups that were another ring's, or came twice."},
    {"groups", "lists", "Lists of groups taken from members of a new ring."},
    {"groups", "barriers", "Barriers that every member's list came through."},

    {"transport", "sent", "Frames handed to the device."},
    {"transport", "received", "Frames that came from the device."},
    {"transport", "sent_bytes", "Bytes handed to the device."},
    {"transport", "received_bytes", "Bytes that came from the device."},
    {"transport", "system_calls", "System calls for frames."},
    {"transport", "dropped_no_buffer", "Frames for which no memory was left."},
    {"transport", "dropped_truncated", "Frames longer than they may be."},
    {"transport", "dropped_unresolved", "Frames to nodes whose address is not known."},
    {"transport", "dropped_stalled", "Frames that a stuck device did not take."},
    {"transport", "dropped_error", "Frames refused by the kernel or the card."},
    {"transport", "dropped_source", "Frames from addresses that are not listed."},
    {"transport", "dropped_kernel",
     "Datagrams that the kernel dropped: of another cluster or address, or for want of room."},

    {"header", "too_short", "Frames shorter than their header."},
    {"header", "magic", "Frames of other programs."},
    {"header", "version", "Frames of another version of the protocol."},
    {"header", "suite", "Frames sealed in another way."},
    {"header", "lane", "Frames on no lane that there is."},
    {"header", "cluster", "Frames of other clusters."},
    {"header", "sender", "Frames of nobody."},
    {"header", "length", "Frames longer or shorter than they say."},
    {"header", "own", "Frames of this node that came back."},
    {"header", "own_id", "Frames of another node with this one's id."},
    {"header", "other_lane", "Frames on another lane than they say."},
    {"header", "replayed", "Frames that came before, or too late to tell."},
    {"header", "other_key", "Frames sealed with another key."},
    {"header", "unopened", "Frames of unproved senders, dropped while too many were forged."},
    {"header", "forged", "Frames whose seal is not theirs."},
    {"header", "not_fresh", "Frames of senders that had not proved to be there now."},
    {"header", "control", "Frames by which senders prove to be there now."},
    {"header", "copied", "Frames copied to be stamped once more."},
    {"header", "dropped_no_buffer", "Frames for whose copy no memory was left."},
    {"header", "dropped_too_long", "Frames too long to be sealed."},
    {"header", "challenges", "Nodes asked to prove that they are there now."},
    {"header", "answers", "Proofs that this node is there now."},
    {"header", "reports", "Nodes told how far their counters have come."},
    {"header", "proved", "Starts of other nodes that have proved to be there now."},
    {"header", "new_boots", "Own starts drawn anew after a pause or another node's report."},
};

const CounterHelp* find(std::string_view group, std::string_view name) noexcept {
  for (const CounterHelp& help : helps)
    if (help.group == group && help.name == name) return &help;
  return nullptr;
}

}  // namespace

std::span<const CounterHelp> counter_helps() noexcept {
  return helps;
}

std::string_view counter_help(std::string_view group, std::string_view name) noexcept {
  const CounterHelp* help = find(group, name);
  return help ? help->text : std::string_view();
}

bool is_gauge(std::string_view group, std::string_view name) noexcept {
  const CounterHelp* help = find(group, name);
  return help && help->gauge;
}

}  // namespace gyre::node
