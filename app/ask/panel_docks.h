#pragma once

#include <QMainWindow>
#include <map>
#include <vector>

class QAction;
class QDockWidget;

namespace lvr {

// A widget in the middle and panels around it, which a person moves, floats, stacks and closes. In
// a narrow window the panels get narrower, so that the middle stays the largest, and wide again in
// a wide one. Not a window of its own: it lives inside another widget.
class PanelDocks : public QMainWindow {
    Q_OBJECT
public:
    explicit PanelDocks(QWidget* centre, QWidget* parent = nullptr);

    // Takes the panel. id: names the panel in saved layouts. A second panel of an area is stacked
    // onto the first; one that was in the layout restored last goes where it was.
    QDockWidget* addPanel(const QString& id, const QString& title, QWidget* panel,
                          Qt::DockWidgetArea area, bool shown);
    void setWidth(const QString& id, int width);  // pixels, also after a reset
    QList<QAction*> panelActions() const;         // each shows or closes a panel

    QByteArray saveLayout() const { return saveState(); }
    void restoreLayout(const QByteArray& layout) { restoreState(layout); }
    void resetLayout();  // as it was before anybody moved anything

Q_SIGNALS:
    void panelAdded(QAction* action);

protected:
    bool event(QEvent* event) override;

private:
    struct Panel {
        QDockWidget* dock;
        Qt::DockWidgetArea area;
        bool shown;
        int width;  // 0: as the panel likes
    };
    void place(const Panel& panel);
    void applyWidths();
    std::vector<QDockWidget*> besideCentre() const;
    void giveCentreRoom();

    std::vector<Panel> panels_;
    std::map<QDockWidget*, int> narrowed_;  // for want of room, and how wide they were
};

}  // namespace lvr
