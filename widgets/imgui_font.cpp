#include "widgets/imgui_font.h"

#include <QFont>
#include <QRawFont>
#include <QtEndian>
#include <algorithm>
#include <utility>
#include <vector>

namespace lvr {
namespace {

// What stb_truetype reads, in the alphabetical order the format asks for.
constexpr const char* kTables[] = {"CFF ", "GPOS", "cmap", "glyf", "head", "hhea",
                                   "hmtx", "kern", "loca", "maxp", "name", "post"};

template <class Number>
void append(QByteArray& bytes, Number number) {
    const Number big = qToBigEndian(number);
    bytes.append(reinterpret_cast<const char*>(&big), sizeof big);
}

QByteArray assemble(const std::vector<std::pair<const char*, QByteArray>>& tables,
                    quint32 version) {
    QByteArray directory, data;
    append<quint32>(directory, version);
    append<quint16>(directory, static_cast<quint16>(tables.size()));
    directory.append(6, '\0');  // search hints, which no modern reader uses
    const qsizetype start = 12 + 16 * static_cast<qsizetype>(tables.size());
    for (const auto& [tag, table] : tables) {
        directory.append(tag, 4);
        append<quint32>(directory, 0);  // checksum: not checked
        append<quint32>(directory, static_cast<quint32>(start + data.size()));
        append<quint32>(directory, static_cast<quint32>(table.size()));
        data.append(table).append((4 - table.size() % 4) % 4, '\0');
    }
    return directory + data;
}

}  // namespace

QByteArray fontFile(const QFont& font) {
    const QRawFont raw = QRawFont::fromFont(font);
    std::vector<std::pair<const char*, QByteArray>> tables;
    for (const char* tag : kTables)
        if (const QByteArray table = raw.fontTable(tag); !table.isEmpty())
            tables.emplace_back(tag, table);
    const auto has = [&](const QByteArray& tag) {
        return std::ranges::any_of(tables, [&](const auto& table) { return tag == table.first; });
    };
    if (!has("cmap") || !has("head") || !has("hhea") || !has("hmtx") || !has("maxp")) return {};
    if (has("glyf") && has("loca")) return assemble(tables, 0x00010000);
    if (has("CFF ")) return assemble(tables, 0x4f54544f);  // "OTTO"
    return {};
}

}  // namespace lvr
