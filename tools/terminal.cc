#include "tools/terminal.hh"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>

namespace gyre::tools {
namespace {

constexpr std::string_view enter = "\x1b[?1049h\x1b[?25l";  // another screen, no cursor
constexpr std::string_view leave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view home = "\x1b[H";
constexpr std::string_view clear_line = "\x1b[K", clear_rest = "\x1b[J";

void write_all(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH})
    sigaddset(&set, number);
  return set;
}

// What a UTF-8 text takes on the screen, as far as our own goes: one column for each character.
std::string_view first_columns(std::string_view line, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(line[i]) & 0xc0) != 0x80;
    if (begins && seen++ == columns) return line.substr(0, i);
  }
  return line;
}

}  // namespace

bool Terminal::there() noexcept {
  return ::isatty(STDOUT_FILENO) == 1;
}

Terminal::Terminal() {
  const sigset_t set = our_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  keys_ = ::isatty(STDIN_FILENO) && ::tcgetattr(STDIN_FILENO, &before_) == 0;
  take();
}

Terminal::~Terminal() {
  give_back();
  ::close(signals_);
}

void Terminal::take() {
  if (keys_) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  write_all(enter);
}

void Terminal::give_back() noexcept {
  if (keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  write_all(leave);
}

Terminal::Size Terminal::size() const noexcept {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_row == 0 || window.ws_col == 0)
    return {};
  return {.lines = window.ws_row, .columns = window.ws_col};
}

void Terminal::show(const std::string& text) {
  const Size size = this->size();
  std::string screen(home);
  std::string_view rest(text);
  for (std::size_t line = 0; line < size.lines && !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (line > 0) screen += "\r\n";
    screen += first_columns(rest.substr(0, end), size.columns);
    screen += clear_line;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  screen += clear_rest;
  write_all(screen);
}

// The terminal is as it was while the program stands still.
void Terminal::stop() {
  give_back();
  ::raise(SIGSTOP);
  take();
}

Terminal::Woken Terminal::wait(std::chrono::steady_clock::time_point until) {
  using std::chrono::milliseconds;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    std::array<pollfd, 2> ready{
        pollfd{.fd = signals_, .events = POLLIN, .revents = 0},
        pollfd{.fd = keys_ ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0}};
    const int count = ::poll(ready.data(), ready.size(),
                             static_cast<int>(std::clamp<long>(left.count(), 0, 1 << 30)));
    if (count == 0) return Woken::time;
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof info) == sizeof info) {
      const auto number = static_cast<int>(info.ssi_signo);
      if (number == SIGTSTP) stop();
      return number == SIGTSTP || number == SIGWINCH ? Woken::resized : Woken::quit;
    }
    if (ready[1].revents == 0) continue;
    char key = 0;
    if (::read(STDIN_FILENO, &key, 1) != 1) keys_ = false;  // it is closed: nobody types any more
    if (key == 'q' || key == 'Q') return Woken::quit;
    if (key == ' ' || key == 'L' - '@') return Woken::resized;
  }
}

}  // namespace gyre::tools
