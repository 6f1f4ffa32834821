#pragma once

#include <QImage>
#include <QObject>

#include "core/values/comparison.h"

class QMenu;
class QWidget;

namespace lvr {

class Background;

enum class SetExport { Table, Answers, Everything, Picture };

// The results of a set as files: a menu of what can be written, and what writes it.
class SetExporter : public QObject {
    Q_OBJECT
public:
    struct Source {
        std::function<const SetResults&()> results;
        std::function<QImage()> picture;  // of table and plot
    };
    SetExporter(Source source, QWidget* parent);

    QMenu* menu() const { return menu_; }
    // The file's ending says the format; another than it can be is a sentence.
    void exportTo(SetExport what, const QString& file);

Q_SIGNALS:
    void said(const QString& sentence);
    void failed(const QString& sentence);

private:
    void add(const QString& name, const QString& text, SetExport what);
    void ask(SetExport what);
    void write(SetExport what, const QString& file, const QString& ending);

    Source source_;
    QWidget* window_;
    QMenu* menu_;
    Background* files_;
};

}  // namespace lvr
