#include "tests/scenarios/node_scenario.hh"

#include <algorithm>

namespace gyre::test {

namespace wire = totem::wire;

Header Passing::header() const {
  Header header;
  read_header(frame, cluster_tag("test"), header);
  return header;
}

std::optional<wire::Data> Passing::data() const {
  if (wire::type(body()) != wire::Type::data) return std::nullopt;
  return wire::read_data(body());
}

std::optional<wire::Token> Passing::token() const {
  wire::Token token;
  if (wire::type(body()) != wire::Type::token || !wire::read_token(body(), token))
    return std::nullopt;
  return token;
}

std::vector<wire::Item> Passing::items() const {
  std::vector<wire::Item> items;
  for (auto rest = body().subspan(wire::Data::size); rest.size() >= wire::Item::size;) {
    items.push_back(wire::read_item(rest.data()));
    rest = rest.subspan(wire::Item::size + items.back().length);
  }
  return items;
}

bool Passing::has_item(std::uint8_t flags) const {
  return std::ranges::any_of(items(), [&](const wire::Item& item) { return item.flags == flags; });
}

void Scenario::open(std::size_t nodes, const FakeOptions& network,
                    const TestNode::Options& options) {
  cluster_ = std::make_unique<Cluster>(nodes, network, options);
  programs_.resize(nodes);
  seen_.resize(nodes);
  watch(cluster_->network, 0);
  cluster_->start();
  ASSERT_TRUE(run_until([this] { return whole(); }));
  for (std::size_t node = 0; node < nodes; ++node) program(node);
  run(std::chrono::milliseconds(5));
  for (std::size_t node = 0; node < nodes; ++node) {
    seen(node);
    seen_[node].clear();
  }
}

void Scenario::open_on_two_links(std::size_t nodes) {
  second_ = std::make_unique<FakeNetwork>(kind_network);
  watch(*second_, 1);
  open(nodes, kind_network, {.second = second_.get()});
  run(std::chrono::milliseconds(100));  // the links' first probes
}

void Scenario::watch(FakeNetwork& network, std::size_t link) {
  network.loses = [this, link](const Address& from, const Address& to, Lane lane,
                               std::span<const std::byte> frame) {
    const auto place = [](const Address& address) {
      return static_cast<std::size_t>(address.bytes[0]) - 1;
    };
    return loses(
        {.from = place(from), .to = place(to), .lane = lane, .frame = frame, .link = link});
  };
}

void Scenario::program(std::size_t node) {
  programs_[node].emplace(cluster_->nodes[node]->connect(cluster_->now));
  std::vector<std::string> joining;
  ASSERT_TRUE(cluster_->join(*programs_[node], "all", joining));
  seen_[node].clear();
}

void Scenario::crash(std::size_t node) {
  seen(node);
  programs_[node].reset();
  cluster_->crash(node);
}

void Scenario::inject(std::size_t to, Lane lane, std::span<const std::byte> frame,
                      std::size_t link) {
  FakeNetwork& network = link == 0 ? cluster_->network : *second_;
  network.inject(cluster_->nodes[to]->address(), lane, frame);
}

bool Scenario::whole(const std::set<std::size_t>& side) {
  const std::uint64_t view = cluster_->nodes[*side.begin()]->views();
  return std::ranges::all_of(side, [&](std::size_t node) {
    node::Snapshot page;
    cluster_->nodes[node]->node().snapshot(page, cluster_->now);
    return page.view == view && page.member_count == side.size() &&
           ring(node).ring() == page.ring && ring(node).state() == totem::State::operational;
  });
}

void Scenario::load(std::size_t node, std::uint64_t frames) {
  std::uint64_t counter = 0;
  const auto before = std::exchange(loses, [&](const Passing& frame) {
    if (frame.from == node && frame.lane == Lane::data) counter = frame.header().counter;
    return false;
  });
  const std::string payload = text_of_length(1200);
  ASSERT_TRUE(run_until([&] {
    for (std::size_t other = 0; other < programs_.size(); ++other) seen(other);
    for (int i = 0; i < 8; ++i) send(node, payload);
    return counter > frames;
  }));
  loses = before;
}

const std::vector<std::string>& Scenario::seen(std::size_t node) {
  if (programs_[node])
    for (std::string& event : programs_[node]->events()) seen_[node].push_back(std::move(event));
  return seen_[node];
}

std::size_t Scenario::count(std::size_t node, std::string_view event) {
  return static_cast<std::size_t>(std::ranges::count(seen(node), event));
}

std::string text_of_length(std::size_t length, std::uint32_t which) {
  std::string text(length, ' ');
  for (std::size_t i = 0; i < length; ++i)
    text[i] = static_cast<char>('!' + (i * 31 + i / 89 + which * 7) % 89);
  return text;
}

}  // namespace gyre::test
