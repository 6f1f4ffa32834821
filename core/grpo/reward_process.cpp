#include "core/grpo/reward_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iostream>
#include <utility>

extern char** environ;

namespace lvr {
namespace {

using RewardClock = std::chrono::steady_clock;

// Of a pair: ours, which no other process inherits, and the command's.
struct Ends {
    int ours = -1, its = -1;
};

// A socket can be written to without a signal when nobody reads it any more.
Ends inputEnds() {
    int both[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) != 0)
        throw Error(std::string("no pipe for a reward command: ") + std::strerror(errno));
    return {both[0], both[1]};
}

Ends outputEnds() {
    int both[2];
    if (pipe2(both, O_CLOEXEC) != 0)
        throw Error(std::string("no pipe for a reward command: ") + std::strerror(errno));
    fcntl(both[0], F_SETFL, O_NONBLOCK);
    return {both[0], both[1]};
}

// Signals as a shell would have it: none blocked, none ignored.
pid_t spawnShell(const std::string& command, int in, int out, int err) {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_t how;
    posix_spawnattr_init(&how);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setflags(
        &how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::array<char*, 4> words{const_cast<char*>("sh"), const_cast<char*>("-c"),
                               const_cast<char*>(command.c_str()), nullptr};
    pid_t process = -1;
    const int failed = posix_spawn(&process, "/bin/sh", &files, &how, words.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    if (failed != 0) throw Error(std::string("/bin/sh can't be started: ") + std::strerror(failed));
    return process;
}

// Whether it is over within `patience`; it is not reaped.
bool isOver(pid_t process, std::chrono::milliseconds patience) {
    const auto until = RewardClock::now() + patience;
    for (;;) {
        siginfo_t end{};
        if (waitid(P_PID, process, &end, WEXITED | WNOHANG | WNOWAIT) != 0 || end.si_pid == process)
            return true;
        if (RewardClock::now() >= until) return false;
        poll(nullptr, 0, 10);
    }
}

std::string trimmedLine(const std::string& line) {
    constexpr const char* kSpace = " \t\r";
    const auto first = line.find_first_not_of(kSpace);
    if (first == line.npos) return {};
    return line.substr(first, line.find_last_not_of(kSpace) - first + 1);
}

std::string shown(const std::string& text) {
    constexpr std::size_t kMost = 80;
    return "\"" + (text.size() > kMost ? text.substr(0, kMost) + "..." : text) + "\"";
}

std::string ofCount(std::size_t count, std::size_t of) {
    return std::to_string(count) + " of " + std::to_string(of) + " numbers";
}

}  // namespace

RewardProcess::RewardProcess(RewardCommand command, std::chrono::seconds timeout)
    : command_(std::move(command)), timeout_(timeout) {
    const auto in = inputEnds(), out = outputEnds(), err = outputEnds();
    input_ = in.ours, output_ = out.ours, errors_ = err.ours;
    process_ = spawnShell(command_.command, in.its, out.its, err.its);
    for (const int its : {in.its, out.its, err.its}) close(its);
}

RewardProcess::~RewardProcess() {
    close(input_);
    isOver(process_, std::chrono::seconds(ended_ ? 0 : 1));
    kill(-process_, SIGKILL);  // the group is there until its first process is reaped
    waitpid(process_, nullptr, 0);
    if (errors_ >= 0) readErrors();
    close(output_);
    close(errors_);
}

std::vector<double> RewardProcess::ask(const std::vector<std::string>& lines,
                                       const std::stop_token& stop) {
    checkNothingIsLeft();
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    text += "\n";
    const auto until = RewardClock::now() + timeout_;
    std::vector<double> numbers;
    while (numbers.size() < lines.size()) {
        if (stop.stop_requested()) throw Cancelled();
        for (auto end = heard_.find('\n'); end != heard_.npos && numbers.size() < lines.size();
             end = heard_.find('\n')) {
            numbers.push_back(numberIn(heard_.substr(0, end), numbers.size(), lines.size()));
            heard_.erase(0, end + 1);
        }
        if (numbers.size() == lines.size()) break;
        if (ended_) failEnded(numbers.size(), lines.size());
        if (RewardClock::now() >= until)
            fail("gave " + ofCount(numbers.size(), lines.size()) + " within " +
                 std::to_string(timeout_.count()) + " s (--reward-timeout)");
        std::array<pollfd, 3> files{pollfd{text.empty() ? -1 : input_, POLLOUT, 0},
                                    {output_, POLLIN, 0},
                                    {errors_, POLLIN, 0}};
        poll(files.data(), files.size(), 100);
        if (files[0].revents) write(text);
        if (files[2].revents) readErrors();
        if (files[1].revents) read();
    }
    checkNothingIsLeft();
    return numbers;
}

void RewardProcess::write(std::string& text) {
    const auto sent = send(input_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0)
        text.erase(0, static_cast<std::size_t>(sent));
    else if (errno != EAGAIN && errno != EINTR)
        text.clear();  // nobody reads it: the end of its output will say why
}

void RewardProcess::read() {
    std::array<char, 65536> bytes;
    const auto count = ::read(output_, bytes.data(), bytes.size());
    if (count > 0)
        heard_.append(bytes.data(), static_cast<std::size_t>(count));
    else if (count == 0 || (errno != EAGAIN && errno != EINTR))
        ended_ = true;
}

void RewardProcess::readErrors() {
    std::array<char, 65536> bytes;
    for (;;) {
        const auto count = ::read(errors_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        if (count <= 0) {
            close(std::exchange(errors_, -1));
            break;
        }
        std::cerr.write(bytes.data(), count).flush();
        halfComplaint_.append(bytes.data(), static_cast<std::size_t>(count));
        for (auto end = halfComplaint_.find('\n'); end != halfComplaint_.npos;
             end = halfComplaint_.find('\n')) {
            if (const auto line = trimmedLine(halfComplaint_.substr(0, end)); !line.empty())
                complaint_ = line;
            halfComplaint_.erase(0, end + 1);
        }
    }
}

// Whatever comes unasked would be taken for the next step's.
void RewardProcess::checkNothingIsLeft() {
    if (!ended_) read();
    if (!heard_.empty())
        fail("printed " + shown(trimmedLine(heard_.substr(0, heard_.find('\n')))) +
             " when no number was due; it is to print one for each completion, and nothing else");
}

double RewardProcess::numberIn(const std::string& line, std::size_t index, std::size_t of) {
    const auto text = trimmedLine(line);
    const auto where = " for completion " + std::to_string(index + 1) + " of " +
                       std::to_string(of) + ", which is ";
    double value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, failed] = std::from_chars(text.data(), end, value);
    if (failed != std::errc() || stop != end || text.empty())
        fail("printed " + shown(text) + where + "no number");
    if (!std::isfinite(value)) fail("printed " + shown(text) + where + "not finite");
    return value;
}

void RewardProcess::failEnded(std::size_t numbers, std::size_t of) {
    std::string how = "closed its output";
    if (isOver(process_, std::chrono::seconds(1))) {
        siginfo_t end{};
        waitid(P_PID, process_, &end, WEXITED | WNOHANG | WNOWAIT);
        how = (end.si_code == CLD_EXITED ? "ended with exit code " : "was ended by signal ") +
              std::to_string(end.si_status);
    }
    if (errors_ >= 0) readErrors();
    fail(how + " after " + ofCount(numbers, of));
}

void RewardProcess::fail(const std::string& what) {
    ended_ = true;  // nothing is expected of it any more
    const auto last =
        trimmedLine(halfComplaint_).empty() ? complaint_ : trimmedLine(halfComplaint_);
    throw RewardFailed("the reward command " + command_.name + "=\"" + command_.command + "\" " +
                       what + (last.empty() ? "" : "; the last line of its stderr: " + last));
}

}  // namespace lvr
