#include "tests/sim/seals.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "tests/sim/dice.hh"

namespace gyre::sim {

namespace {

constexpr std::size_t violations_max = 20;  // more of them say no more

ClusterKey key_of(std::string_view cluster) {
  return ClusterKey(RootKey(std::vector<std::byte>(RootKey::size_min, std::byte{0x5a})), cluster);
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

}  // namespace

Seals::Seals(Suite suite, std::string_view cluster)
    : suite_(suite), cluster_(cluster), key_(key_of(cluster)) {}

ClusterKey Seals::key() const {
  return key_of(cluster_);
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

std::span<const std::byte> Seals::leaves(std::span<const std::byte> frame, Time now) {
  const Header header = header_of(frame);
  Stream& stream = streams_[stream_of(header)];
  if (const auto place = Seal::Place::of(header); !stream.seal.is_for(place))
    stream.seal.make(key_, suite_, place);
  opened_.assign(frame.begin(), frame.end());
  if (!stream.seal.open(opened_, header.counter)) {
    violated("10 seal", header, "leaves, and the cluster's key does not open it");
    return {};
  }
  const auto text = std::span(opened_).subspan(header_size, header.length - seal_overhead);
  const auto kind = static_cast<FrameKind>(opened_[header_size + text.size()]);
  Sent& sent = stream.sent[header.counter / block][header.counter % block];
  const std::uint64_t digest = digest_of(text, kind);
  if (sent.digest != 0 && sent.digest != digest)
    violated("10 nonce", header, "its number and key have sealed something else before");
  sent = {.digest = digest, .at = now};
  return text;
}

void Seals::gets_through(const check::Process& by, Time boot_since, Lane lane,
                         std::span<const std::byte> frame) {
  const Header header = header_of(frame);
  const auto wrong = [&](const char* what) {
    violated("10 seal", header,
             fmt::format("gets through on node {}, {}", static_cast<std::uint32_t>(by.node), what));
  };
  const auto text = frame.subspan(header_size, header.length - seal_overhead);
  Stream& stream = streams_[stream_of(header)];
  const Sent sent = stream.sent[header.counter / block][header.counter % block];
  if (header.lane != lane) wrong("but in the other lane");
  if (sent.digest != digest_of(text, FrameKind::payload)) return wrong("and nobody has sent it so");
  if (sent.at < boot_since) wrong("and is older than all that it knows");

  Taken& taken = taken_[{by.node, by.incarnation, header.sender}];
  if (taken.boots.empty() || taken.boots.back() != header.boot) {
    if (std::ranges::find(taken.boots, header.boot) != taken.boots.end())
      wrong("and its boot was over there");
    taken.boots.push_back(header.boot);
  }
  auto& counters = taken.counters[stream_of(header)][header.counter / block];
  if (counters.test(header.counter % block)) wrong("for the second time");
  counters.set(header.counter % block);
}

}  // namespace gyre::sim
