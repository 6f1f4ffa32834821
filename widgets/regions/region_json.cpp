#include "widgets/regions/region_json.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>

#include "core/error.h"

namespace lvr {
namespace {

constexpr double kDecimals = 1e6;

[[noreturn]] void fail(const QString& problem) {
    throw Error(QObject::tr("%1; regions look like [[0.25, 0.5, 0.5, 0.75]], in fractions of the "
                            "picture: left, top, right, bottom.")
                    .arg(problem)
                    .toStdString());
}

Box boxFrom(const QJsonValue& value, int image, qsizetype number) {
    const QJsonArray edges = value.toArray();
    const auto wrong = [&](const QString& problem) {
        fail(QObject::tr("Box %1 %2").arg(number).arg(problem));
    };
    if (edges.size() != 4) wrong(QObject::tr("does not have four numbers"));
    for (const QJsonValue& edge : edges) {
        if (!edge.isDouble()) wrong(QObject::tr("does not have four numbers"));
        if (edge.toDouble() < 0 || edge.toDouble() > 1)
            wrong(QObject::tr("is outside the picture"));
    }
    const Box box{edges[0].toDouble(), edges[1].toDouble(), edges[2].toDouble(),
                  edges[3].toDouble(), image};
    if (box.x0 >= box.x1 || box.y0 >= box.y1) wrong(QObject::tr("has no area"));
    return box;
}

QJsonArray boxList(const QJsonDocument& document) {
    const QJsonArray list =
        document.isObject() ? document.object()["bboxes"].toArray() : document.array();
    if (list.isEmpty()) fail(QObject::tr("There are no regions in this text"));
    return list[0].isDouble() ? QJsonArray{list} : list;
}

}  // namespace

QString toJson(const std::vector<Box>& boxes) {
    QStringList rows;
    for (const Box& box : boxes) {
        QStringList edges;
        for (const double edge : {box.x0, box.y0, box.x1, box.y1})
            edges << QString::number(std::round(edge * kDecimals) / kDecimals);
        rows << "[" + edges.join(", ") + "]";
    }
    const QString list = "[" + rows.join(", ") + "]";
    const bool several =
        std::any_of(boxes.begin(), boxes.end(), [](const Box& box) { return box.image != 0; });
    if (!several) return list;
    QStringList images;
    for (const Box& box : boxes) images << QString::number(box.image);
    return QString("{\"bboxes\": %1, \"bbox_images\": [%2]}").arg(list, images.join(", "));
}

std::vector<Box> boxesFromJson(const QString& text) {
    std::vector<Box> boxes;
    const auto document = QJsonDocument::fromJson(text.toUtf8());
    const QJsonArray list = boxList(document), images = document["bbox_images"].toArray();
    for (qsizetype i = 0; i < list.size(); ++i)
        boxes.push_back(boxFrom(list[i], std::max(0, images.at(i).toInt()), i + 1));
    return boxes;
}

}  // namespace lvr
