#include "node/config_timers.hh"

#include <fmt/format.h>

namespace gyre::node {
namespace {

constexpr std::uint64_t timer_min_ms = 30, hold_min_ms = 14;

struct Milliseconds {
  std::uint64_t token, token_retransmit, hold, join, send_join, consensus, merge;
};

std::uint64_t effective_token(const Settings& settings, std::size_t listed_nodes) {
  const std::uint64_t token = settings.number("totem.token", 3000);
  if (listed_nodes < 3) return token;
  return token + (listed_nodes - 2) * settings.number("totem.token_coefficient", 650);
}

Milliseconds derive(const Settings& settings, std::size_t listed_nodes) {
  const auto of = [&](const char* key, std::uint64_t otherwise) {
    return settings.number(std::string("totem.") + key, otherwise);
  };
  Milliseconds ms{};
  ms.token = effective_token(settings, listed_nodes);
  // token / (losses + 0.2) and 0.8 * retransmit - 10, rounded down, without floating point.
  const std::uint64_t losses = of("token_retransmits_before_loss_const", 4);
  ms.token_retransmit = of("token_retransmit", ms.token * 5 / (losses * 5 + 1));
  const std::uint64_t most = ms.token_retransmit * 4 / 5;
  ms.hold = of("hold", most > 10 ? most - 10 : 0);
  ms.join = of("join", 50);
  ms.send_join = of("send_join", 0);
  ms.consensus = of("consensus", ms.token * 6 / 5);
  ms.merge = of("merge", 200);
  return ms;
}

void check(const Settings& settings, const Milliseconds& ms) {
  const auto insist = [&](bool holds, const char* key, const std::string& reason) {
    if (!holds) settings.refuse(std::string("totem.") + key, reason);
  };
  insist(ms.token_retransmit >= timer_min_ms, "token_retransmits_before_loss_const",
         fmt::format("the token would be sent again after {} ms, at least {} ms are needed: raise "
                     "token or lower token_retransmits_before_loss_const",
                     ms.token_retransmit, timer_min_ms));
  insist(ms.token_retransmit < ms.token, "token_retransmit",
         fmt::format("token_retransmit ({} ms) must be below token ({} ms)", ms.token_retransmit,
                     ms.token));
  insist(ms.hold >= hold_min_ms && ms.hold < ms.token, "hold",
         fmt::format("hold ({} ms) must be {} ms or more and below token ({} ms)", ms.hold,
                     hold_min_ms, ms.token));
  // A node that is merely slow must be heard again before its peers agree that it is gone.
  insist(ms.consensus >= ms.token * 6 / 5, "consensus",
         fmt::format("consensus ({} ms) must be at least 1.2 * token = {} ms (token is {} ms, with "
                     "token_coefficient for each listed node beyond two)",
                     ms.consensus, ms.token * 6 / 5, ms.token));
  insist(ms.join <= ms.consensus, "join",
         fmt::format("join ({} ms) must not be above consensus ({} ms)", ms.join, ms.consensus));
  insist(
      ms.send_join < ms.consensus, "send_join",
      fmt::format("send_join ({} ms) must be below consensus ({} ms)", ms.send_join, ms.consensus));
}

}  // namespace

totem::Parameters read_timers(const Settings& settings, std::size_t listed_nodes) {
  const Milliseconds ms = derive(settings, listed_nodes);
  check(settings, ms);

  const auto count = [&](const char* path, std::uint64_t otherwise) {
    return static_cast<std::uint32_t>(settings.number(path, otherwise));
  };
  using std::chrono::milliseconds;
  totem::Parameters timers;
  timers.token_loss = milliseconds(ms.token);
  timers.token_retransmit = milliseconds(ms.token_retransmit);
  timers.hold = milliseconds(ms.hold);
  timers.join = milliseconds(ms.join);
  timers.send_join = milliseconds(ms.send_join);
  timers.consensus = milliseconds(ms.consensus);
  timers.merge_detect = milliseconds(ms.merge);
  timers.seqno_unchanged = count("totem.seqno_unchanged_const", 30);
  timers.fail_to_receive = count("totem.fail_recv_const", 2500);
  timers.global_window = count("totem.window_size", 0);
  timers.personal_window = count("totem.max_messages", 0);
  return timers;
}

}  // namespace gyre::node
