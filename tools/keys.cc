// gyre keys: the secret that the nodes of a cluster share. What `generate` does, corosync-keygen
// does (keygen.cc).
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "tools/ask.hh"
#include "tools/command.hh"

namespace gyre::tools {
namespace {

void rotate(const Common& common, const std::string& given) {
  const std::string file = std::filesystem::absolute(given);
  const Json answer = ask(common, "keys.rotate", {file});
  if (common.json) {
    fmt::print("{}\n", answer.dump());
    return;
  }
  fmt::print("All members go by the key {} now.\n", plain(answer.at("key")));
  const std::string keyfile = plain(answer.at("keyfile"));
  if (file != keyfile)
    fmt::print("Put {} in place of {} on every node before one starts again.\n", file,
               keyfile.empty() ? "the key that the configuration has" : keyfile);
  const Json& away = answer.at("away");
  if (!away.empty())
    fmt::print("Not in the ring, and out of it until they start with that key: nodes {}.\n",
               plain(away));
}

}  // namespace

void add_keys(CLI::App& app, Common& common) {
  CLI::App* keys = app.add_subcommand("keys", "Makes and changes the secret that nodes share.");
  keys->add_subcommand("generate", "Writes a new key file, as corosync-keygen does.");
  keys->require_subcommand(1);
  keys->footer("Example:\n  gyre keys generate -k ./authkey -s 256");
  CLI::App* command = add_command(
      *keys, common, "rotate",
      "Changes the key of the running cluster to that of FILE, which is the same on all nodes and "
      "belongs to gyred's user there. All members go by it, or none.",
      "gyre keys rotate /etc/corosync/authkey.new");
  auto file = std::make_shared<std::string>();
  command->add_option("file", *file, "the new key file")->required()->type_name("FILE");
  command->callback([&common, file] { rotate(common, *file); });
}

}  // namespace gyre::tools
