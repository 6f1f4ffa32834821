#pragma once

#include <QByteArray>
#include <QList>
#include <QString>
#include <functional>

class QImage;
class QWidget;

namespace lvr {

// The file holds all of it or what it held before. Any thread. Throw Error naming the file.
void writeFile(const QString& file, const QByteArray& content);
void writePicture(const QString& file, const QImage& picture);  // PNG

struct SaveFormat {
    QString ending;  // "png"
    QString name;    // "PNG picture"
};

// The file that a person means by a name, and in which format its ending says it is to be written.
struct SaveTarget {
    QString file;     // with an ending; empty when there is a problem
    QString ending;   // of its format, as in the list
    QString problem;  // a sentence; empty: none
};
// Of a name without an ending the format is the first one. Another ending than the formats' is a
// problem: a file is what its name says.
SaveTarget saveTarget(const QString& name, const QList<SaveFormat>& formats);

struct SaveQuestion {
    QString title;
    QString suggestion;         // a name, or a whole path
    QList<SaveFormat> formats;  // the first is the default
};
// Asks where to save without keeping the caller waiting; `save` gets the file and its format's
// ending. What can't be is said, and asked again.
void askWhereToSave(QWidget* parent, const SaveQuestion& question,
                    const std::function<void(const QString& file, const QString& ending)>& save);

}  // namespace lvr
