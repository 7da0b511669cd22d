#include "tests/check/program_notation.hh"

namespace gyre::check {

namespace {

Program program(const std::string& name) {
  const bool second = name[1] == '\'';
  return {NodeId(static_cast<unsigned>(name[0] - '0')), second ? 2U : 1U,
          static_cast<std::uint32_t>(name.back() - 'a' + 1)};
}
Peer peer(const std::string& name) {
  return {program(name).node, program(name).client};
}
totem::RingId ring(const std::string& number) {
  return {std::stoul(number), NodeId(1), 77};
}
std::vector<totem::Member> nodes(const std::string& text) {
  std::vector<totem::Member> members;
  for (const char each : text)
    if (each == '\'')
      members.back().since = 6;
    else
      members.push_back({NodeId(static_cast<unsigned>(each - '0')), 5});
  return members;
}
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}
std::vector<Peer> peers(const std::string& names) {
  std::vector<Peer> all;
  for (const std::string& name : split(names)) all.push_back(peer(name));
  return all;
}

}  // namespace

ProgramScript& ProgramScript::play(const std::string& trace) {
  std::istringstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string names, rest;
    if (!(words >> names)) continue;
    std::getline(words, rest);
    for (const std::string& name : split(names)) one(name, std::istringstream(rest));
  }
  return *this;
}

std::set<std::string> ProgramScript::broken() {
  std::set<std::string> clauses;
  for (const Violation& each : programs.finish(true)) clauses.insert(each.clause);
  return clauses;
}

void ProgramScript::view(const Program& who, const std::string& id, const std::string& members,
                         std::istringstream& rest) {
  ViewNews news;
  bool said = false;
  for (std::string word; rest >> word; said = true)
    for (const totem::Member& member : nodes(word.substr(1)))
      if (word[0] == 'o')
        news.oldest = member.node;
      else if (word[0] == 'v')
        news.verdict = static_cast<std::uint32_t>(member.node);
      else
        (word[0] == '+' ? news.joined : news.left).push_back(member.node);
  programs.viewed(who, ring(id), nodes(members), said ? &news : nullptr);
}

void ProgramScript::one(const std::string& name, std::istringstream words) {
  const Program who = program(name);
  std::string verb, a, b, c, d;
  words >> verb;
  if (verb == "V") {
    words >> a >> b;
    views_[name] = ring(a);
    return view(who, a, b, words);
  }
  words >> a >> b >> c;
  const auto place = [&] { return totem::Place{views_[name], totem::Seq{std::stoul(b)}, 0}; };
  if (verb == "starts") programs.started(who);
  if (verb == "lost") programs.file_lost(who.node);
  if (verb == "joins") programs.joining(who, a);
  if (verb == "leaves") programs.leaving(who, a);
  if (verb == "refused") programs.refused(who, a);
  if (verb == "out") programs.refused(who, a, Refused::membership);
  if (verb == "reads") programs.unread(who, Duration(std::stoul(a)), Duration(10));
  if (verb == "ends") programs.ended(who, ProgramEnd::closed);
  if (verb == "accused") programs.ended(who, ProgramEnd::accused);
  if (verb == "sends")
    programs.sent(who, a, totem::Guarantee::agreed, std::hash<std::string>{}(b), 1);
  if (verb == "judged")
    programs.judged(who, {ring(a), totem::Seq{std::stoul(b)}, 0}, std::stoul(c.substr(0, 1)),
                    std::hash<std::string>{}(c.substr(1)));
  if (verb == "T") programs.transitional(who, ring(a), ring(b), nodes(c));
  if (verb == "gets") {
    words >> d;
    const std::uint32_t length = d.back() == '!' ? 2 : 1;
    if (length == 2) d.pop_back();
    programs.received(who, place(), peer(c), a, totem::Guarantee::agreed,
                      std::hash<std::string>{}(d), length);
  }
  if (verb != "in") return;
  std::string came, went;
  for (std::string change; words >> change;)
    (change[0] == '+' ? came : went) += change.substr(1) + ",";
  programs.changed(who, place(), a, peers(c), peers(came), peers(went));
}

std::set<std::string> broken(const std::string& trace) {
  return ProgramScript().play(trace).broken();
}

}  // namespace gyre::check
