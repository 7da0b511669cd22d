#include "tests/sim/seals.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "tests/sim/dice.hh"

namespace gyre::sim {

namespace {

constexpr std::size_t violations_max = 20;  // more of them say no more

ClusterKey made_of(int number, std::string_view cluster) {
  std::vector<std::byte> bytes(RootKey::size_min, std::byte{0x5a});
  std::memcpy(bytes.data() + 8, &number, number > 0 ? sizeof number : 0);
  return ClusterKey(RootKey(bytes), cluster);
}

// Never 0.
std::uint64_t digest_of(std::span<const std::byte> text, FrameKind kind) {
  TraceHash hash;
  hash.add(text.size());
  hash.add(static_cast<std::uint64_t>(kind));
  for (std::size_t done = 0; done < text.size(); done += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + done, std::min<std::size_t>(8, text.size() - done));
    hash.add(word);
  }
  return hash.value() | 1;
}

// Of a frame that was opened.
FrameKind kind_of(std::span<const std::byte> frame) {
  return static_cast<FrameKind>(frame[frame.size() - seal_overhead]);
}

}  // namespace

Seals::Seals(Suite suite, std::string_view cluster) : suite_(suite), cluster_(cluster) {
  keys_.push_back(made_of(0, cluster));
  drawn_.push_back(0);
}

ClusterKey Seals::key(std::size_t number) const {
  return made_of(drawn_[number], cluster_);
}

std::size_t Seals::draw_key() {
  int number = drawn_.back() + 1;
  while (key_of(made_of(number, cluster_).id())) ++number;
  keys_.push_back(made_of(number, cluster_));
  drawn_.push_back(number);
  return keys_.size() - 1;
}

const ClusterKey* Seals::key_of(std::uint8_t id) const {
  const auto found = std::ranges::find(keys_, id, &ClusterKey::id);
  return found == keys_.end() ? nullptr : &*found;
}

Header Seals::header_of(std::span<const std::byte> frame) const {
  Header header;
  if (read_header(frame, cluster_tag(cluster_), header, suite_) != Refusal::none)
    throw std::logic_error("a machine's frame has a clear header that is none");
  return header;
}

Seals::StreamId Seals::stream_of(const Header& header) {
  return {header.sender, header.boot, header.lane, header.generation};
}

void Seals::violated(std::string clause, const Header& header, std::string_view what) {
  if (violations_.size() == violations_max) return;
  violations_.push_back(
      {std::move(clause), fmt::format("frame {} of node {} in lane {}, boot {:x}: {}",
                                      header.counter, static_cast<std::uint32_t>(header.sender),
                                      static_cast<int>(header.lane), header.boot, what)});
}

bool Seals::open(const Header& header, std::span<const std::byte> frame) {
  Stream& stream = streams_[stream_of(header)];
  const ClusterKey* const key = key_of(header.generation);
  if (const auto place = Seal::Place::of(header); key && !stream.seal.is_for(place))
    stream.seal.make(*key, suite_, place);
  opened_.assign(frame.begin(), frame.end());
  return stream.seal.open(opened_, header.counter);
}

std::span<const std::byte> Seals::leaves(std::span<const std::byte> frame, Time now) {
  const Header header = header_of(frame);
  if (!open(header, frame)) {
    violated("10 seal", header, "leaves, and the cluster's key does not open it");
    return {};
  }
  const auto text = std::span(opened_).subspan(header_size, header.length - seal_overhead);
  use(header, {.digest = digest_of(text, kind_of(opened_)), .at = now});
  return text;
}

bool Seals::may_repeat(const Header& header) const {
  return put_back_.contains({header.sender, header.boot});
}

void Seals::use(const Header& header, const Sent& now) {
  if (over_.contains({header.sender, header.boot}))
    violated("10 nonce", header, "leaves, and its sender knew that it must not use that boot");
  Stream& stream = streams_[stream_of(header)];
  Sent& sent = stream.sent[header.counter / block][header.counter % block];
  if (sent.digest != 0 && sent.digest != now.digest) {
    if (may_repeat(header))
      ++repeated_;
    else
      violated("10 nonce", header, "its number and key have sealed something else before");
    stream.before.emplace(header.counter, sent);
  }
  sent = now;
}

// When that left, at last.
Seals::Sent Seals::find(const Header& header, std::uint64_t digest) {
  Stream& stream = streams_[stream_of(header)];
  const Sent sent = stream.sent[header.counter / block][header.counter % block];
  if (sent.digest == digest) return sent;
  Sent last;
  const auto [begin, end] = stream.before.equal_range(header.counter);
  for (auto each = begin; each != end; ++each)
    if (each->second.digest == digest) last = each->second;
  return last;
}

void Seals::put_back(NodeId sender, std::uint64_t boot) {
  put_back_.insert({sender, boot});
  over_.erase({sender, boot});
}

void Seals::is_over(NodeId sender, std::uint64_t boot) {
  over_.insert({sender, boot});
}

void Seals::gets_through(const check::Process& by, Time boot_since, Lane lane,
                         std::span<const std::byte> frame) {
  const Header header = header_of(frame);
  const auto wrong = [&](const char* what) {
    violated("10 seal", header,
             fmt::format("gets through on node {}, {}", static_cast<std::uint32_t>(by.node), what));
  };
  const auto text = frame.subspan(header_size, header.length - seal_overhead);
  const Sent sent = find(header, digest_of(text, FrameKind::payload));
  if (header.lane != lane) wrong("but in the other lane");
  if (sent.digest == 0) return wrong("and nobody has sent it so");
  if (sent.at < boot_since && !may_repeat(header)) wrong("and is older than all that it knows");

  Taken& taken = taken_[{by.node, by.incarnation, header.sender}];
  if (taken.boots.empty() || taken.boots.back() != header.boot) {
    if (may_repeat(header))
      for (const Lane each : {Lane::data, Lane::token})
        taken.counters.erase({header.sender, header.boot, each, header.generation});
    else if (std::ranges::find(taken.boots, header.boot) != taken.boots.end())
      wrong("and its boot was over there");
    taken.boots.push_back(header.boot);
  }
  auto& counters = taken.counters[stream_of(header)][header.counter / block];
  if (counters.test(header.counter % block)) wrong("for the second time");
  counters.set(header.counter % block);
}

}  // namespace gyre::sim
