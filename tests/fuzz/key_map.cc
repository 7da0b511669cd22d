// What programs ask of the key maps, in any words: the maps stay within their bounds, and every
// answer is one.
#include <cassert>
#include <nlohmann/json.hpp>

#include "node/key_map.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre;
using namespace gyre::node;

constexpr const char* file =
    "totem {\nversion: 2\nsecauth: off\n}\nnodelist {\nnode {\nnodeid: 1\nring0_addr: "
    "10.0.0.1\n}\n}\n";

constexpr const char* topic_names[] = {"cmap.get", "cmap.list", "cmap.set", "cmap.delete",
                                       "cmap.track"};
// So that what is deep inside is reached more often than once in a million.
constexpr const char* words[] = {"icmap",
                                 "stats",
                                 "key",
                                 "prefix",
                                 "my.key",
                                 "my.k",
                                 "my.key.2",
                                 "uidgid.gid.5",
                                 "totem.token",
                                 "u8",
                                 "u32",
                                 "i64",
                                 "flt",
                                 "dbl",
                                 "str",
                                 "bin",
                                 "logging.debug",
                                 "on",
                                 "off",
                                 "1",
                                 "-1",
                                 "256",
                                 "1.5",
                                 "00ff",
                                 "",
                                 "runtime.force_gather",
                                 "yes"};

void check(const Answer& answer) {
  if (const auto* text = std::get_if<std::string>(&answer)) {
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    assert(json.is_object());
    assert(!json.contains("error") || json["error"].get<std::string>().starts_with("CS_ERR_"));
  } else if (const auto* refused = std::get_if<Refused>(&answer)) {
    assert(!refused->reason.empty());
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Config config = parse_config(file, "ring.conf");
  static const LocalNode local{NodeId{1}, "one", {{"10.0.0.1", "eth0"}}, 0, 1, {}};
  static const Admission admission;
  static const StatusNames names;
  static const Snapshot snapshot;
  KeyMap maps({.config = config, .local = local, .admission = admission, .names = names});
  const Topics topics = maps.topics();
  std::vector<std::unique_ptr<Stream>> streams;
  for (fuzz::Script script(data, size); !script.done();) {
    const std::uint8_t choice = script.byte();
    std::vector<std::string> arguments;
    for (int i = choice / 16 % 6; i > 0; --i) {
      const std::uint8_t word = script.byte();
      if (word < std::size(words)) {
        arguments.emplace_back(words[word]);
      } else {
        const auto bytes = script.bytes(word - std::size(words));
        arguments.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      }
    }
    Answer answer = topics.at(topic_names[choice % std::size(topic_names)])(
        {.snapshot = snapshot, .arguments = arguments});
    check(answer);
    if (auto* stream = std::get_if<std::unique_ptr<Stream>>(&answer))
      streams.push_back(std::move(*stream));
    for (const auto& stream : streams)
      while (const auto told = stream->next(snapshot)) check(*told);
    if (streams.size() > 4) streams.erase(streams.begin());
  }
  std::size_t bytes = 0;
  maps.icmap().each("", [&](const std::string& key, const CmapValue& value) {
    assert(valid_cmap_key(key));
    bytes += key.size() + std::min<std::size_t>(cmap_text(value).size(), 8);
    const CmapReading again = read_cmap_value(cmap_type(value), cmap_text(value));
    assert(again.value);
  });
  assert(bytes <= Cmap::Limits{}.bytes);
  return 0;
}
