#include "core/runs_io/event_records.h"

#include <isa-l/crc.h>

#include <array>
#include <bit>
#include <cstring>

#include "core/error.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "numbers in records are little-endian");

constexpr std::size_t kHeader = 12, kFooter = 4;  // bytes: length and its checksum; checksum

// Turned and shifted: data that holds its own checksum would have a trivial one otherwise.
std::uint32_t maskedChecksum(std::string_view bytes) {
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));  // only read
    const std::uint32_t plain = ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~0U);
    return std::rotr(plain, 15) + 0xa282ead8U;
}

template <class Number>
void appendNumber(std::string& file, Number number) {
    file.append(reinterpret_cast<const char*>(&number), sizeof number);
}

template <class Number>
Number numberAt(const char* bytes) {
    Number number;
    std::memcpy(&number, bytes, sizeof number);
    return number;
}

bool isHeader(const std::array<char, kHeader>& bytes) {
    return maskedChecksum({bytes.data(), 8}) == numberAt<std::uint32_t>(bytes.data() + 8);
}

}  // namespace

void appendRecord(std::string& file, std::string_view record) {
    const auto start = file.size();
    appendNumber(file, static_cast<std::uint64_t>(record.size()));
    appendNumber(file, maskedChecksum({file.data() + start, 8}));
    file += record;
    appendNumber(file, maskedChecksum(record));
}

bool startsWithRecord(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::array<char, kHeader> header{};
    return in.read(header.data(), kHeader) && isHeader(header);
}

EventRecordReader::EventRecordReader(const fs::path& file, RecordPlace from)
    : in_(file, std::ios::binary), place_(from) {
    std::error_code failed;
    const auto size = fs::file_size(file, failed);
    left_ = size > from.position ? size - from.position : 0;
    in_.seekg(static_cast<std::streamoff>(from.position));
    if (!in_ || failed) throw Error("can't read " + file.string() + "; check its permissions");
}

bool EventRecordReader::next(std::string& record) {
    if (left_ == 0 || !problem_.empty()) return false;
    const auto number = std::to_string(place_.count + 1);
    const auto endsEarly = [&] {
        problem_ = "it ends in the middle of record " + number;
        return false;
    };
    std::array<char, kHeader> header{};
    if (left_ < kHeader + kFooter || !in_.read(header.data(), kHeader)) return endsEarly();
    left_ -= kHeader;
    const auto length = numberAt<std::uint64_t>(header.data());
    if (!isHeader(header) || length > INT32_MAX) {
        problem_ = "record " + number + " is broken";
        return false;
    }
    if (length > left_ - kFooter) return endsEarly();
    record.resize(length);
    std::array<char, kFooter> footer{};
    if (!in_.read(record.data(), static_cast<std::streamsize>(length)) ||
        !in_.read(footer.data(), kFooter))
        return endsEarly();
    left_ -= length + kFooter;
    if (maskedChecksum(record) != numberAt<std::uint32_t>(footer.data())) {
        problem_ = "record " + number + " does not match its checksum";
        return false;
    }
    ++place_.count;
    place_.position += kHeader + length + kFooter;
    return true;
}

}  // namespace lvr
