#pragma once

#include <QImage>
#include <QObject>
#include <functional>
#include <vector>

#include "core/values/causal.h"

class QWidget;

namespace lvr {

class FigureView;
class Job;

// What the Causal page shows, as a file: its ending says in which form.
struct PanelToExport {
    CausalPanel panel;
    QString model, decoding;
    QImage page;                         // as it is on screen
    const FigureView* figure = nullptr;  // in front; null: a table is
};

// Asks where, and writes the panel together with the command that makes it again. Pictures are
// written once into the cache, for that command.
class PanelExporter : public QObject {
    Q_OBJECT
public:
    struct Source {
        std::function<PanelToExport()> shown;
        std::function<QString(const QStringList& pictures)> command;
        std::function<std::vector<Image>()> pictures;
    };
    PanelExporter(Source source, QWidget* window);

    void choose();  // asks where
    void exportTo(const QString& name);
    void copyCommand();

Q_SIGNALS:
    void said(const QString& sentence);
    void failed(const QString& sentence);

private:
    void withCommand(std::function<void(const QString& command)> then);
    void write(const QString& file, const QString& ending, const QString& command);

    Source source_;
    QWidget* window_;
    Job* files_;
};

}  // namespace lvr
